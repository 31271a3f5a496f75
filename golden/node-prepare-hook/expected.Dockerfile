FROM node:20 AS builder

WORKDIR /app
COPY . .
RUN npm install \
    && npm prune --omit=dev --no-package-lock

FROM node:20-slim

WORKDIR /app
COPY --from=builder /app /app

USER node
CMD ["node", "dist/main.js"]
