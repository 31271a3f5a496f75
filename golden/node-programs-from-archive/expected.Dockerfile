FROM node:20 AS builder

RUN curl -fsSL https://example.com/releases/3.1/tools.tar.gz | tar -C /usr/local/bin -xz

WORKDIR /srv/notes
COPY package.json .
RUN npm install

FROM node:20-slim

COPY --from=builder /usr/local/bin /usr/local/bin

WORKDIR /srv/notes
COPY package.json .
COPY --from=builder /srv/notes/node_modules /srv/notes/node_modules
COPY server.js .

CMD ["wait-first", "node", "server.js"]
