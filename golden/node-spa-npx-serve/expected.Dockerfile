FROM node:20-alpine AS builder
WORKDIR /app
COPY . .
RUN npm install && npm run build

FROM node:20-alpine
WORKDIR /app
COPY --from=builder /app/dist /app/dist
EXPOSE 3000
CMD ["npx", "serve", "-s", "dist"]
