FROM node:20 AS builder

WORKDIR /app
COPY . .

RUN mkdir -p /usr/share/pages && for f in handbook/*.txt; do cp $f /usr/share/pages/; done
RUN npm ci
RUN npm run build \
    && npm prune --omit=dev

FROM node:20-slim

WORKDIR /app

COPY --from=builder /usr/share/pages /usr/share/pages
COPY --from=builder /app /app

CMD ["node", "dist/server.js"]
