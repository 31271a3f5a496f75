FROM node:20 AS builder

WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci

FROM node:20-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY . .
RUN cp deploy/start.sh /usr/local/bin/start && chmod 755 /usr/local/bin/start

EXPOSE 3000
CMD ["start"]
