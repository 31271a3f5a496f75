FROM golang:1.24 AS builder
RUN apt-get update && apt-get install -y --no-install-recommends \
        zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /crc
COPY go.mod *.go ./
RUN go build -o /crc/crc .

FROM debian:trixie-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN apt-get update && apt-get install -y --no-install-recommends \
        zlib1g \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /crc
COPY --from=builder /crc/crc /crc/crc
EXPOSE 8080
CMD ["/crc/crc"]
