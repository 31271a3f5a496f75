FROM node:20 AS builder
RUN corepack enable
WORKDIR /repo
COPY . .
RUN pnpm install --frozen-lockfile
RUN pnpm build
RUN pnpm --filter @a/api deploy --prod /app

FROM node:20-slim
COPY --from=builder /app /app
WORKDIR /app
CMD ["node", "dist/index.js"]
