FROM node:20 AS builder
WORKDIR /app
COPY package.json ./
RUN npm install

FROM node:20-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libcairo2 \
        libexpat1 \
        libglib2.0-0 \
        libpango-1.0-0 \
        libx11-6 \
        libxcb1 \
        libxext6 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
RUN npx playwright install --with-deps chromium && rm -rf /var/lib/apt/lists/*
COPY . .
EXPOSE 3000
CMD ["npm", "start"]
