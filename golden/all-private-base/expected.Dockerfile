FROM registry.example.com/platform/go-service-base:2.3 AS builder
WORKDIR /service
COPY . .
RUN go build -o /service/bin/ledger ./cmd/ledger

FROM registry.example.com/platform/go-service-base:2.3
WORKDIR /service
COPY --from=builder /service/bin/ledger /service/bin/ledger
EXPOSE 8080
CMD ["/service/bin/ledger"]
