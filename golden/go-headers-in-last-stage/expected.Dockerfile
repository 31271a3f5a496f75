FROM golang:1.22-bookworm AS builder
WORKDIR /src
COPY . .
RUN go build -o /src/thumbs .

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*
COPY --from=builder /src/thumbs /thumbs
CMD ["/thumbs"]
