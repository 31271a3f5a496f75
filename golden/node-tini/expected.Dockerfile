FROM node:20 AS builder

RUN apt-get update && \
    apt-get install -y --no-install-recommends tini build-essential && \
    rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json /app/
RUN npm ci --only=production && npm cache clean --force

FROM node:20-slim

RUN apt-get update && \
    apt-get install -y --no-install-recommends tini && \
    rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json /app/
COPY --from=builder /app/node_modules /app/node_modules
COPY main.mjs /app/

EXPOSE 3000
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["node", "main.mjs"]
