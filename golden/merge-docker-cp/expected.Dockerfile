# Builds the program that counts words.
FROM golang:1.24 AS builder

WORKDIR /go/src/words
COPY go.mod main.go ./

RUN CGO_ENABLED=0 go build -o counter .

FROM alpine:3.21

RUN apk add --no-cache ca-certificates

WORKDIR /srv
# the program, as build.sh leaves it
COPY --from=builder /go/src/words/counter words
COPY stop.txt ./

EXPOSE 8080
CMD ["./words"]
