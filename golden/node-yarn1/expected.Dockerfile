FROM node:20 AS builder

WORKDIR /opt/app

COPY package.json yarn.lock ./
RUN yarn install --frozen-lockfile

COPY . .
RUN yarn build \
    && yarn install --production --ignore-scripts --prefer-offline

FROM node:20-slim

WORKDIR /opt/app

COPY --from=builder /opt/app /opt/app

EXPOSE 3000
CMD ["yarn", "start"]
