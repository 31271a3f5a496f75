FROM golang:1.24 AS builder
WORKDIR /go/src/app
COPY *.go .
RUN go mod init example.org/dispatch
RUN go install

FROM gcr.io/distroless/static-debian13
ENV PATH=/go/bin:$PATH
WORKDIR /go/src/app
COPY --from=builder /go/bin/dispatch /go/bin/dispatch
CMD ["dispatch"]
