FROM node:20-alpine AS builder
WORKDIR /app
COPY package.json ./
COPY packages ./packages
COPY apps/api ./apps/api
RUN npm install --workspace api --workspace @shop/types
RUN npm run build --workspace @shop/types
WORKDIR /app/apps/api
RUN npm run build
WORKDIR /app
RUN npm prune --workspace api --omit=dev

FROM node:20-alpine
COPY --from=builder /app /app
WORKDIR /app/apps/api
EXPOSE 4000
CMD ["node", "dist/server.js"]
