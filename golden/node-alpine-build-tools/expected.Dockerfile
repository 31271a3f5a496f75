FROM node:20-alpine AS builder
RUN apk add --no-cache python3 make g++ tzdata
WORKDIR /app
COPY package.json ./
RUN npm install --omit=dev

FROM node:20-alpine
RUN apk add --no-cache tzdata
WORKDIR /app
COPY package.json ./
COPY --from=builder /app/node_modules /app/node_modules
COPY server.js ./
EXPOSE 3000
CMD ["node", "server.js"]
