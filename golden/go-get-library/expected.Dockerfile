FROM golang:1.8-jessie AS builder
RUN go get github.com/cenkalti/rpc2 && go get gopkg.in/yaml.v2
COPY . /go/src/app
WORKDIR /go/src/app
RUN go install -v

FROM debian:jessie-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/go/bin:$PATH
COPY --from=builder /go/bin /go/bin
COPY . /go/src/app
WORKDIR /go/src/app
CMD ["app"]
