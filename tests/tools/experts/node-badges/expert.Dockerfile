FROM node:20-slim AS dependencies
WORKDIR /app
COPY package.json ./
RUN npm install --omit=dev

FROM node:20-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends fontconfig fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json badge.js ./
COPY assets ./assets
EXPOSE 3000
CMD node badge.js
