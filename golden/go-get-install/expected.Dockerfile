FROM golang:1.24 AS builder
WORKDIR /go/src/app
COPY . .
RUN go get -d -v ./...
RUN go install -v ./...

FROM gcr.io/distroless/static-debian13
ENV PATH=/go/bin:$PATH
WORKDIR /go/src/app
COPY --from=builder /go/bin/app /go/bin/app
CMD ["app"]
