FROM golang:1.21-bookworm AS builder
RUN apt-get update && apt-get install -y --no-install-recommends libvips-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY go.* ./
RUN go mod download
COPY *.go ./
RUN go build -o /usr/bin/imgsrv

FROM debian:bookworm-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN apt-get update && apt-get install -y --no-install-recommends libvips42 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /usr/bin/imgsrv /usr/bin/imgsrv
EXPOSE 9000
ENTRYPOINT ["/usr/bin/imgsrv"]
