FROM golang:1.24 AS builder
RUN go install github.com/swaggo/swag/cmd/swag@v1.16.4
RUN go install github.com/pressly/goose/v3/cmd/goose@v3.24.1
WORKDIR /app
COPY go.mod ./
RUN go mod download
COPY . .
RUN swag init
RUN go build -o api .

FROM debian:trixie-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/go/bin:$PATH
COPY --from=builder /go/bin/goose /go/bin/goose
WORKDIR /app
COPY start.sh ./
COPY migrations ./migrations
COPY --from=builder /app/docs /app/docs
COPY --from=builder /app/api /app/api
RUN chmod +x start.sh
EXPOSE 8080
CMD ["./start.sh"]
