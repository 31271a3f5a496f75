FROM golang:1.24 AS builder
ENV PORT 7000
ENV LANGUAGE_NAME English
WORKDIR /go/src/babel
COPY . .
RUN go build -o /go/bin/babel .

FROM debian:trixie-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
ENV PATH=/go/bin:$PATH
ENV PORT 7000
ENV LANGUAGE_NAME English
WORKDIR /go/src/babel
COPY --from=builder /go/bin/babel /go/bin/babel
EXPOSE $PORT
CMD babel --port "$PORT" --language "${LANGUAGE_NAME:-English}"
