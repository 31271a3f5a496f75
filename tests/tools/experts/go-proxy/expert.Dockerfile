FROM golang:1.24 AS build
WORKDIR /build/api
COPY api .
RUN CGO_ENABLED=0 go build -o /api .

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/nginx.conf /etc/nginx/nginx.conf
COPY public /var/www/public
COPY --chmod=755 deploy/run.sh /usr/local/bin/
COPY --from=build /api /usr/local/bin/
WORKDIR /build/api
EXPOSE 80
CMD ["run.sh"]
