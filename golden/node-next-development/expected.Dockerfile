FROM node:20 AS builder

WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build \
    && rm -rf /app/.next/cache/webpack

FROM node:20-slim

WORKDIR /app
COPY --from=builder /app /app

EXPOSE 3000
CMD ["npm", "start"]
