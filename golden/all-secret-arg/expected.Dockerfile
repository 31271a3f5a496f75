FROM node:20 AS builder
ARG NPM_TOKEN
WORKDIR /app
COPY package.json ./
RUN echo "//packages.example.com/:_authToken=${NPM_TOKEN}" > .npmrc && \
    npm install && \
    rm -f .npmrc

FROM node:20-slim
WORKDIR /app
COPY package.json ./
COPY --from=builder /app/node_modules /app/node_modules
COPY server.js .
EXPOSE 3000
CMD ["node", "server.js"]
