FROM node:20 AS builder
RUN apt-get update && apt-get install -y python3 make g++
WORKDIR /app
COPY package.json package-lock.json binding.gyp gcd.c ./
RUN npm ci
COPY server.js ./

FROM node:20-slim
WORKDIR /app
COPY --from=builder /app /app
EXPOSE 3000
CMD ["node", "server.js"]
