FROM node:20-bookworm-slim AS dependencies
WORKDIR /home/node/app
COPY package.json ./
RUN npm install --omit=dev

FROM node:20-bookworm-slim
WORKDIR /home/node/app
RUN chown node:node .
COPY --from=dependencies --chown=node:node /home/node/app/node_modules ./node_modules
COPY --chown=node:node package.json ./
COPY --chown=node:node bin ./bin
COPY --chown=node:node commands ./commands
COPY --chown=node:node config ./config
COPY --chown=node:node migrations ./migrations
USER node
ENV ACCOUNTS_CONFIG=/home/node/app/config/production.json
EXPOSE 4000
ENTRYPOINT ["./bin/accounts"]
CMD ["serve"]
