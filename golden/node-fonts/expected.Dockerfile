FROM node:20 AS builder
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build \
    && npm prune --omit=dev --no-package-lock

FROM node:20-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends fontconfig-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /app /app
EXPOSE 3000
CMD ["npm", "start"]
