FROM golang:1.24 AS builder

ARG VERSION=dev
WORKDIR /app
COPY . /app/
RUN CGO_ENABLED=0 GOOS=linux go build -mod=vendor -ldflags="-X main.version=${VERSION}" -o /app/steps

FROM gcr.io/distroless/static-debian13 AS app

WORKDIR /app
COPY --from=builder /app/steps /app/steps

EXPOSE 8080
ENTRYPOINT ["/app/steps"]
