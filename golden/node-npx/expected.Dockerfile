FROM node:20 AS builder
WORKDIR /app
COPY package.json ./
RUN npm install
RUN npx -y http-server@14 --version
COPY . .
RUN npm run build

FROM node:20-slim
WORKDIR /app
RUN npx -y http-server@14 --version
COPY --from=builder /app/dist /app/dist
CMD ["npx", "http-server@14", "dist"]
