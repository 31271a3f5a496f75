FROM node:20 AS builder

# the application
WORKDIR /app
COPY package.json .
RUN npm install \
    --no-audit \
    --no-fund

FROM node:20-slim

# the application
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY . .

EXPOSE 3000
CMD ["node", "index.js"]