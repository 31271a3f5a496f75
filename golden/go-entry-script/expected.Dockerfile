FROM golang:1.24 AS builder

WORKDIR /app
COPY go.mod ./
COPY *.go ./
RUN go build -o registry

FROM debian:trixie-slim

COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt

WORKDIR /app
COPY --from=builder /app/registry /app/registry

COPY migrations migrations
COPY --chmod=755 docker/start.sh /start.sh

EXPOSE 8080
ENTRYPOINT ["/start.sh"]
