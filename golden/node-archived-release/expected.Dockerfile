FROM node:14 AS builder
WORKDIR /app
COPY package.json .
RUN npm install

FROM node:14-slim
COPY --from=builder /bin/ps /bin/ps
COPY --from=builder /lib/*-linux-gnu/libprocps.so.* /usr/lib/
WORKDIR /app
COPY package.json .
COPY --from=builder /app/node_modules /app/node_modules
COPY server.js .
CMD ["node", "server.js"]
