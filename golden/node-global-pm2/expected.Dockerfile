FROM node:20 AS builder
RUN npm install --global pm2@5.4.3
WORKDIR /srv
COPY package.json ./
RUN npm install --omit=dev

FROM node:20-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends procps \
    && rm -rf /var/lib/apt/lists/*
RUN npm install --global pm2@5.4.3 && npm cache clean --force
WORKDIR /srv
COPY --from=builder /srv/node_modules /srv/node_modules
COPY . .
ENV NODE_ENV=production \
    TZ=UTC
EXPOSE 3000
CMD ["pm2-runtime", "start", "ecosystem.config.js"]
