FROM node:20-bookworm AS build
WORKDIR /build
COPY package.json ./
RUN npm install
COPY src src
RUN npm run build

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx \
    && rm -rf /var/lib/apt/lists/* /var/www/html/*
COPY deploy/site.conf /etc/nginx/sites-available/default
COPY --from=build /build/dist /var/www/html
WORKDIR /build
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]
