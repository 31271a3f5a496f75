FROM node:20 AS builder
WORKDIR /app
COPY . .
RUN npm install

FROM node:20-slim
WORKDIR /app
COPY . .
COPY --from=builder /app/node_modules /app/node_modules
EXPOSE 8080
CMD ["npm", "run", "start"]
