# docker build -t mockserver .
# docker run -it -p 8900:8900 mockserver /bin/bash
FROM golang:1.22 AS builder
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o mockserver

FROM debian:bookworm-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
WORKDIR /app
COPY . .
COPY --from=builder /app/mockserver /app/mockserver
CMD ["/app/mockserver"]
