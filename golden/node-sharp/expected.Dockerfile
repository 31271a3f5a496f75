FROM node:20 AS builder
RUN apt-get update && apt-get install -y libvips-dev build-essential
WORKDIR /app
COPY package.json ./
RUN npm install

FROM node:20-slim
RUN apt-get update && apt-get install -y libvips42 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY . .
EXPOSE 3000
CMD ["node", "swatch.js"]
