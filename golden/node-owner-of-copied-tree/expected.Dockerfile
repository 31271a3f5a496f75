FROM node:20 AS builder
RUN apt-get update && apt-get install -y nginx
RUN useradd -m -u 4321 app
WORKDIR /app
COPY . .
RUN npm install && npm run build
RUN chown -R app:app /app /etc/nginx \
    && npm prune --omit=dev --no-package-lock

FROM node:20-slim
RUN apt-get update && apt-get install -y nginx && rm -rf /var/lib/apt/lists/*
RUN useradd -m -u 4321 app
WORKDIR /app
RUN chown -R app:app /app /etc/nginx
COPY --from=builder /app /app
WORKDIR /app/uploads
WORKDIR /app
USER app
CMD ["node", "dist/server.js"]
