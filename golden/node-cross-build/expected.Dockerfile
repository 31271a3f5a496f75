FROM node:20-alpine AS base

# executes commands of another processor
COPY qemu-arm-static /usr/bin/
COPY scripts/* /tmp/

RUN apk add --no-cache bash tzdata \
    && mkdir -p /data \
    && chown -R node:node /data

WORKDIR /usr/src/app

FROM base AS builder

RUN apk add --no-cache g++ make python3
COPY package.json ./
RUN npm install

FROM base

COPY package.json ./
COPY --from=builder /usr/src/app/node_modules /usr/src/app/node_modules

RUN chmod u+x /tmp/settings.sh && /tmp/settings.sh
RUN rm /tmp/*

USER node
VOLUME ["/data"]
EXPOSE 1880
CMD ["npm", "start", "--", "--userDir", "/data"]
