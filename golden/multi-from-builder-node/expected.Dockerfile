FROM node:20-slim AS build
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build

FROM build AS builder
RUN npm prune --omit=dev --no-package-lock

FROM node:20-slim AS production
WORKDIR /app
COPY --from=builder /app /app
ENV NODE_ENV=production
RUN mkdir -p /var/lib/store && echo first > /var/lib/store/list.txt
CMD ["node", "dist/server.js"]
