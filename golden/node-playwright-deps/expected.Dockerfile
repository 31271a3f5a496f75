FROM node:20 AS builder
WORKDIR /srv/shots
COPY package.json package-lock.json ./
RUN npm ci
RUN npx playwright install --with-deps chromium
COPY . .
RUN npm run build \
    && npm prune --omit=dev

FROM node:20-slim
WORKDIR /srv/shots
COPY --from=builder /srv/shots /srv/shots
RUN npx playwright install --with-deps chromium && rm -rf /var/lib/apt/lists/*
CMD ["node", "dist/shots.js"]
