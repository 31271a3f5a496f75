FROM golang:1.24 AS builder
ENV PORT 7000
ENV LANGUAGE_NAME English
WORKDIR /go/src/babel
COPY . .
RUN go build -o /go/bin/babel .

FROM debian:trixie-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/go/bin:$PATH
ENV PORT 7000
ENV LANGUAGE_NAME English
WORKDIR /go/src/babel
COPY --from=builder /go/bin/babel /go/bin/babel
EXPOSE $PORT
CMD babel --port "$PORT" --language "${LANGUAGE_NAME:-English}"
