FROM golang:1.21 AS builder
WORKDIR /app
COPY . .
RUN go build -o app .

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git openssh-client wget \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
COPY --from=builder /app/app /app/app
CMD ["./app"]
