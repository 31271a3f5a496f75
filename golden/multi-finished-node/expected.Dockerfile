FROM node:20 AS base
WORKDIR /app
ENV PORT=3000

FROM base AS builder
COPY package.json build.js ./
COPY src ./src
RUN npm install && npm run build

FROM base AS development
COPY package.json ./
RUN npm install
CMD ["node", "--watch", "src/server.js"]

FROM node:20-slim AS runner
WORKDIR /app
ENV PORT=3000
ENV NODE_ENV=production
COPY --from=builder /app/package.json ./
COPY --from=builder /app/node_modules ./node_modules
COPY --from=builder /app/dist ./dist
EXPOSE 3000
CMD ["node", "dist/server.js"]
