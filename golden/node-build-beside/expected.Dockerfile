FROM node:20 AS builder
WORKDIR /app/client
COPY client/package.json ./
RUN npm install
COPY client ./
WORKDIR /app/server
COPY server/package.json ./
RUN npm install
COPY server ./
RUN cd ../client && npm run build
RUN cd /app/client && npm prune --omit=dev --no-package-lock

FROM node:20-slim
WORKDIR /app/server
COPY --from=builder /app/server /app/server
COPY --from=builder /app/client /app/client
EXPOSE 3000
CMD ["node", "index.js"]
