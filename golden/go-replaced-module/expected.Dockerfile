FROM golang:1.24 AS builder
WORKDIR /app
COPY common/ /common/
COPY api/ ./
RUN go mod download
RUN go build -o api .

FROM gcr.io/distroless/base-debian13
WORKDIR /app
COPY --from=builder /app/api /app/api
EXPOSE 8080
CMD ["./api"]
