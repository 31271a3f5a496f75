FROM golang:1.24 AS builder
WORKDIR /app
COPY . .
RUN go build -o pulse .

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /app/pulse /app/pulse
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s CMD curl -fsS http://localhost:8080/healthz || exit 1
STOPSIGNAL SIGINT
CMD ["./pulse"]
