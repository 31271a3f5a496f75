FROM node:20 AS builder
WORKDIR /app
ADD package.json package-lock.json ./
RUN npm ci --production

FROM node:20-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates wget \
    && rm -rf /var/lib/apt/lists/*
LABEL maintainer="ops@example.com"
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
ADD . .
HEALTHCHECK --interval=15s --timeout=5s --retries=3 CMD sh /app/healthcheck.sh
EXPOSE 3000/tcp
CMD node index.js
