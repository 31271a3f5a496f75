FROM node:22 AS builder
WORKDIR /app

# dependencies first, they change less often
COPY package.json package-lock.json ./
RUN npm ci

COPY tsconfig.json ./
COPY src ./src
RUN npm run build \
    && npm prune --omit=dev

FROM node:22-slim
WORKDIR /app

COPY --from=builder /app /app

ENV NODE_ENV=production
EXPOSE 3000
CMD ["npm", "start"]
