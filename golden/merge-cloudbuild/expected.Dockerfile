# syntax=docker/dockerfile:1
FROM node:22 AS builder
WORKDIR /work
COPY package.json build.js ./
COPY src src
RUN npm run build

FROM nginx:1.27-alpine
COPY docker/nginx.conf /etc/nginx/conf.d/default.conf
COPY --from=builder /work/dist /usr/share/nginx/html
