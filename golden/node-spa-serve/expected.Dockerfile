FROM node:20 AS builder

WORKDIR /app
ENV PATH /app/node_modules/.bin:$PATH

COPY package.json ./
RUN npm install

COPY . ./
RUN npm run build \
    && npm prune --omit=dev

FROM node:20-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates g++ gcc git make pkg-config python3 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
ENV PATH /app/node_modules/.bin:$PATH

RUN npm install -g serve@14.2.4 && npm cache clean --force

COPY --from=builder /app /app

EXPOSE 3000
CMD ["serve", "-s", "dist", "-l", "3000"]
