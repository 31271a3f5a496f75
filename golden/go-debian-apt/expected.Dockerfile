FROM debian:bookworm-slim AS builder

RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates \
        golang-go \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /dice
COPY go.mod main.go ./
RUN go build -o /usr/local/bin/dice

FROM debian:bookworm-slim

RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /dice
COPY --from=builder /usr/local/bin/dice /usr/local/bin/dice

EXPOSE 8080
CMD ["dice"]
