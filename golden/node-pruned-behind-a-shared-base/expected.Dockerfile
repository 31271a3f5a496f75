FROM node:20-alpine AS base
WORKDIR /app
RUN apk add --no-cache openssl

FROM base AS builder
COPY . .
RUN npm install
RUN npm run build

FROM builder AS production
RUN npm prune --omit=dev --no-package-lock

FROM base
ENV NODE_ENV=production
COPY --from=production /app .
CMD ["node", "dist/index.js"]
