FROM golang:1.24 AS builder
WORKDIR /app
COPY . .
RUN go build -o forge .

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
COPY --from=builder /app/forge /app/forge
EXPOSE 8080
CMD ["/app/forge"]
