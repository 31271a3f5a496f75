FROM golang:1.8 AS builder
WORKDIR /go/src/app
COPY . /go/src/app
RUN go-wrapper download && go-wrapper install

FROM debian:jessie-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/go/bin:$PATH
WORKDIR /go/src/app
COPY --from=builder /go/bin/app /go/bin/app
CMD ["app"]
EXPOSE 8080
