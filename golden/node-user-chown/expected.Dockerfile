FROM node:20 AS builder

RUN mkdir -p /home/node/app/uploads && chown -R node:node /home/node/app

WORKDIR /home/node/app

COPY --chown=node:node package*.json ./
USER node
RUN npm install

FROM node:20-slim

RUN mkdir -p /home/node/app/uploads && chown -R node:node /home/node/app

WORKDIR /home/node/app

USER node
COPY --from=builder --chown=node:node /home/node/app/node_modules /home/node/app/node_modules

COPY --chown=node:node . .
RUN chmod 700 uploads

EXPOSE 8080
CMD [ "node", "index.js" ]
