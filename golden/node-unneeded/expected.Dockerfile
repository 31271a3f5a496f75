FROM node:20 AS builder

RUN apt-get update && apt-get install -y vim && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/shop
COPY package.json ./
RUN npm install

FROM node:20-slim

RUN apt-get update && apt-get install -y vim && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/shop
COPY --from=builder /srv/shop/node_modules /srv/shop/node_modules
COPY . .

EXPOSE 3000
CMD ["node", "server.js"]
