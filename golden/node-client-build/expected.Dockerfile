FROM node:20 AS builder

WORKDIR /app
COPY package*.json ./
RUN npm install --production

COPY client/package.json client/
RUN cd client && npm install

COPY . .
RUN cd client && npm run build
RUN cd /app/client && npm prune --omit=dev --no-package-lock

FROM node:20-slim

WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules

COPY . .
COPY --from=builder /app/client /app/client

ENV PORT=5000
EXPOSE 5000
CMD ["node", "index.js"]
