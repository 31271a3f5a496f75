FROM node:20 AS builder
RUN corepack enable
WORKDIR /app
COPY package.json yarn.lock ./
RUN yarn install
COPY . .

FROM node:20-slim
WORKDIR /app
COPY --from=builder /app /app
COPY --from=builder /root/.yarn/berry /root/.yarn/berry
EXPOSE 3000
CMD ["node", "-r", "./.pnp.cjs", "index.js"]
