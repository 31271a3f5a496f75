FROM golang:1.24 AS builder

RUN apt-get update && apt-get install -y libsqlite3-dev

WORKDIR /go/src/sums
COPY . .
RUN go install -mod=vendor .

FROM debian:trixie-slim

COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/go/bin:$PATH

RUN apt-get update && apt-get install -y libsqlite3-0 && rm -rf /var/lib/apt/lists/*

WORKDIR /go/src/sums
COPY --from=builder /go/bin/sums /go/bin/sums

EXPOSE 8080
CMD ["sums"]
