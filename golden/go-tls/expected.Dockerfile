FROM golang:1.24 AS builder
RUN apt-get update \
 && apt-get install -y ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY go.mod main.go ./
RUN go build -o /app/chimes

FROM gcr.io/distroless/base-debian13
WORKDIR /app
COPY --from=builder /app/chimes /app/chimes
EXPOSE 8080
CMD ["/app/chimes"]
