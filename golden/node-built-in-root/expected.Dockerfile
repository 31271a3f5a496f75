FROM node:20 AS builder
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build \
    && npm prune --omit=dev --no-package-lock

FROM node:20-slim
COPY --from=builder /node_modules /node_modules
COPY . .
COPY --from=builder /dist /dist
CMD ["node", "dist/main.js"]
