FROM node:20 AS builder
RUN apt-get update && apt-get install -y chromium && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json .puppeteerrc.cjs ./
RUN npm install \
    && mkdir -p /root/.cache/puppeteer

FROM node:20-slim
RUN apt-get update && apt-get install -y chromium && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY --from=builder /root/.cache/puppeteer /root/.cache/puppeteer
COPY . .
EXPOSE 3000
CMD ["node", "server.js"]
