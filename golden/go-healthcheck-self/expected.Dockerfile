FROM golang:1.24 AS builder
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o lamp .

FROM gcr.io/distroless/static-debian13
WORKDIR /app
COPY --from=builder /app/lamp /app/lamp
EXPOSE 8080
HEALTHCHECK --interval=10s CMD ["/app/lamp", "-check"]
CMD ["/app/lamp"]
