FROM golang:1.24-bookworm AS builder
WORKDIR /app
COPY . .
RUN go build -o api

FROM gcr.io/distroless/static-debian12
WORKDIR /app
COPY greeting.txt ./
COPY --from=builder /app/api /app/api
CMD ["./api"]
