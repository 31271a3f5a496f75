FROM node:20-bookworm AS builder

WORKDIR /opt/tool

RUN npm install -g pnpm@9.12.0
COPY package.json pnpm-lock.yaml ./
RUN pnpm install --frozen-lockfile --prod

COPY --chown=1000:1000 package.json pnpm-lock.yaml server.js ./
COPY --chown=1000:1000 i18n ./i18n
COPY --chown=1000:1000 examples ./examples
COPY --chown=1000:1000 tools ./tools

RUN pnpm prune --prod
RUN rm -rf examples

FROM node:20-bookworm-slim

WORKDIR /opt/tool

COPY --from=builder /opt/tool/node_modules /opt/tool/node_modules

COPY --chown=1000:1000 package.json pnpm-lock.yaml server.js ./
COPY --chown=1000:1000 i18n ./i18n
COPY --chown=1000:1000 tools ./tools

RUN node tools/fetch.js

CMD ["node", "server.js"]
