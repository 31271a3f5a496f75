FROM node:20 AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev

FROM node:20-slim
WORKDIR /app
COPY package.json package-lock.json ./
COPY --from=builder /app/node_modules /app/node_modules
COPY server.js ./
# says what was inherited
ONBUILD RUN echo "built on the shop's image"
ONBUILD LABEL shop=child
CMD ["node", "server.js"]
