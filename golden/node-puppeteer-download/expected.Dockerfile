FROM node:20 AS builder
RUN apt-get update && apt-get install -y libnss3 libatk-bridge2.0-0 libxkbcommon0 libgbm1 libasound2 \
    libxcomposite1 libxdamage1 libxrandr2 libcups2 libpango-1.0-0 libcairo2
WORKDIR /app
COPY package.json ./
RUN npm install

FROM node:20-slim
RUN apt-get update && apt-get install -y libnss3 libatk-bridge2.0-0 libxkbcommon0 libgbm1 libasound2 \
    libxcomposite1 libxdamage1 libxrandr2 libcups2 libpango-1.0-0 libcairo2 libxcb1 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY --from=builder /root/.cache/puppeteer /root/.cache/puppeteer
COPY . .
EXPOSE 3000
CMD ["node", "server.js"]
