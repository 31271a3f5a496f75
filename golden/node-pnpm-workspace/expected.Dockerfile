FROM node:20-alpine AS builder
RUN corepack enable
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile
RUN pnpm build \
    && CI=true pnpm install --prod --frozen-lockfile --config.modules-cache-max-age=0

FROM node:20-alpine
WORKDIR /app
COPY --from=builder /app /app
CMD ["node", "packages/api/dist/index.js"]
