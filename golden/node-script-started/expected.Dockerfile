FROM node:20 AS builder
WORKDIR /app
COPY package.json .
RUN npm install \
    && npm uninstall --no-save --no-package-lock prettier

FROM node:20-slim
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY . .
CMD ["node", "server.js"]
