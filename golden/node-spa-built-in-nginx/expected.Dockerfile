FROM nginx:alpine AS builder
RUN apk add --no-cache nodejs npm
WORKDIR /app
COPY . .
RUN npm install && npm run build && cp -r build/* /usr/share/nginx/html/

FROM nginx:alpine
WORKDIR /app
COPY --from=builder /usr/share/nginx/html /usr/share/nginx/html
COPY nginx.conf /etc/nginx/conf.d/default.conf
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]
