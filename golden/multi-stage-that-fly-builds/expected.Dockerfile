FROM node:20 AS full
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["node", "dist/index.js"]

FROM full AS builder
RUN npm prune --omit=dev

FROM node:20-slim AS production
WORKDIR /app
COPY --from=builder /app /app
CMD ["node", "dist/index.js"]

# the tests
FROM full AS test
RUN npm test
