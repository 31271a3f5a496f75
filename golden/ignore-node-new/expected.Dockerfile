FROM node:20 AS builder
WORKDIR /srv
COPY . .
RUN npm install

FROM node:20-slim
WORKDIR /srv
COPY . .
COPY --from=builder /srv/node_modules /srv/node_modules
CMD ["node", "server.js"]
