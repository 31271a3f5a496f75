# shared stage: the steps that the next stages have in common
FROM node:20-slim AS base

LABEL org.opencontainers.image.title="press"
ARG PRESS_RELEASE=edge

COPY ops/prepare /usr/local/bin/prepare
# the account that prints, and where its pages go
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system press \
    && prepare /var/lib/press

WORKDIR /srv/press
COPY package.json ./

# build stage: the image gets only what later stages copy from here
FROM base AS builder

# without development dependencies
RUN npm install \
    && npm prune --omit=dev --no-package-lock

# runtime image: the same base without what only the build needs
FROM base

ARG PRESS_RELEASE=edge

# result of `npm install` in stage builder
COPY --from=builder /srv/press/node_modules /srv/press/node_modules
COPY lib ./lib

ENV PRESS_RELEASE=$PRESS_RELEASE
USER press
ENTRYPOINT ["tini", "--"]
CMD ["node", "lib/press.js"]
