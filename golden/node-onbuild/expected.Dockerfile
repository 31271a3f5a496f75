FROM node:8 AS builder
WORKDIR /usr/src/app
ARG NODE_ENV
ENV NODE_ENV $NODE_ENV
COPY package.json /usr/src/app/
RUN npm install --production && npm cache clean --force

FROM node:8-slim
WORKDIR /usr/src/app
ARG NODE_ENV
ENV NODE_ENV $NODE_ENV
COPY --from=builder /usr/src/app/node_modules /usr/src/app/node_modules
COPY . /usr/src/app
CMD [ "npm", "start" ]
EXPOSE 3000
