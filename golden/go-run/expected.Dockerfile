FROM golang:1.24 AS builder
WORKDIR /app
COPY go.mod main.go ./
RUN go build -o /usr/local/bin/app .

FROM gcr.io/distroless/base-debian13
WORKDIR /app
COPY --from=builder /usr/local/bin/app /usr/local/bin/app
EXPOSE 8080
CMD ["/usr/local/bin/app"]
