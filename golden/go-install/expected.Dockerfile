FROM golang:1.24 AS builder

ADD . /go/src/example.com/roman
WORKDIR /go/src/example.com/roman
RUN go install

FROM gcr.io/distroless/static-debian13

ENV PATH=/go/bin:$PATH

WORKDIR /go/src/example.com/roman
COPY --from=builder /go/bin/roman /go/bin/roman

CMD ["roman", "2024"]
