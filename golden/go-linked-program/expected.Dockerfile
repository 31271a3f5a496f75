FROM golang:1.24-bookworm AS builder
RUN apt-get update && apt-get install -y libpq-dev
WORKDIR /src
COPY . .
RUN gcc -o /usr/local/bin/probe probe.c -lpq
RUN CGO_ENABLED=0 go build -o /usr/local/bin/server .

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY --from=builder /usr/local/bin/probe /usr/local/bin/probe
COPY --from=builder /usr/local/bin/server /usr/local/bin/server
CMD ["server"]
