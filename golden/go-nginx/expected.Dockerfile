FROM golang:1.24 AS builder

RUN apt-get update && apt-get install -y nginx git make gcc bash

COPY api /build/api
WORKDIR /build/api
RUN go build -o /usr/local/bin/api .

FROM debian:trixie-slim

COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt

RUN apt-get update && apt-get install -y nginx bash && rm -rf /var/lib/apt/lists/*

WORKDIR /build/api
COPY --from=builder /usr/local/bin/api /usr/local/bin/api

COPY deploy/nginx.conf /etc/nginx/nginx.conf
COPY public /var/www/public
COPY deploy/run.sh /usr/local/bin/run.sh
RUN chmod +x /usr/local/bin/run.sh

EXPOSE 80
CMD ["run.sh"]
