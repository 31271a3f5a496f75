FROM node:20 AS builder
RUN curl -fsSL https://bun.sh/install | bash

WORKDIR /app
COPY package*.json ./
RUN /root/.bun/bin/bun install

FROM node:20-slim
COPY --from=builder /root/.bun /root/.bun
COPY --from=builder /root/.bashrc /root/.bashrc

WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY . .
CMD ["./start.sh"]
