FROM golang:1.24-alpine AS builder

WORKDIR /app

COPY go.mod ./
RUN go mod download
COPY *.go ./
RUN go build -o /reverse

FROM alpine:3.23

WORKDIR /app

COPY --from=builder /reverse /reverse

EXPOSE 8080

CMD [ "/reverse" ]
