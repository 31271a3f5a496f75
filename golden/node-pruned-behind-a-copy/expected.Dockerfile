FROM node:20-alpine AS dev
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .

FROM node:20-alpine AS builder
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dev /app ./
RUN npm run build
RUN npm prune

FROM node:20-alpine
ENV NODE_ENV=production
WORKDIR /app
COPY --from=builder /app /app
CMD ["node", "dist/index.js"]
