FROM node:20 AS builder

# Readable by every user, and filled before the network is gone
ENV COREPACK_HOME=/opt/corepack
RUN corepack enable && corepack prepare pnpm@9.15.1 --activate

WORKDIR /srv/ledger
COPY package.json pnpm-lock.yaml ./
RUN pnpm install --frozen-lockfile
COPY . .
RUN pnpm run build \
    && pnpm prune --prod

FROM node:20-slim

# Readable by every user, and filled before the network is gone
ENV COREPACK_HOME=/opt/corepack
COPY --from=builder /opt/corepack /opt/corepack
RUN corepack enable

WORKDIR /srv/ledger
COPY --from=builder /srv/ledger /srv/ledger

USER node
EXPOSE 3000
CMD ["pnpm", "start"]
