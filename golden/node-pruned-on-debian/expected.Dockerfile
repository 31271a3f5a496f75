FROM debian:bookworm-slim

RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /usr/src/app

COPY package*.json ./
RUN npm ci && npm cache clean --force

COPY . .

RUN npx prettier --version && npm prune --omit=dev

CMD ["node", "server.js"]
