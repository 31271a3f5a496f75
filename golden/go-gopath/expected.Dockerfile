FROM golang:1.21 AS builder
ENV GO111MODULE off
RUN mkdir -p /go/src/example.com/paintbox
COPY . /go/src/example.com/paintbox
WORKDIR /go/src/example.com/paintbox
RUN go build -v -o paintbox

FROM gcr.io/distroless/base-debian12
WORKDIR /go/src/example.com/paintbox
COPY --from=builder /go/src/example.com/paintbox/paintbox /go/src/example.com/paintbox/paintbox
EXPOSE 9000
CMD ["./paintbox", "-addr=:9000"]
