FROM node:20 AS builder
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts/ scripts/
RUN npm ci
COPY index.js .
RUN npm prune --omit=dev

FROM node:20-slim
WORKDIR /app
COPY --from=builder /app /app
EXPOSE 3000
USER node
CMD ["node", "index.js"]
