FROM node:20-bookworm AS builder
RUN apt-get update && apt-get install -y nginx && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json .
RUN npm install
COPY . .
RUN npm run build && cp -r dist/* /var/www/html/ && rm -f /var/www/html/index.nginx-debian.html

FROM node:20-bookworm-slim
RUN apt-get update && apt-get install -y nginx && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY --from=builder /var/www/html /var/www/html
COPY deploy/site.conf /etc/nginx/sites-available/default
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]
