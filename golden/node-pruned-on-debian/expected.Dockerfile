FROM debian:bookworm-slim AS builder

RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm

WORKDIR /usr/src/app

COPY package*.json ./
RUN npm ci

COPY . .

RUN npx prettier --version && npm prune --omit=dev

FROM debian:bookworm-slim

RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /usr/src/app

COPY --from=builder /usr/src/app/node_modules /usr/src/app/node_modules

COPY . .

CMD ["node", "server.js"]
