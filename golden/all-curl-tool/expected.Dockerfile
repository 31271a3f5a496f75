FROM golang:1.24 AS builder
ENV MIGRATE_VERSION v4.18.1
RUN curl -fsSL -o /tmp/migrate.tar.gz https://downloads.example.com/migrate/$MIGRATE_VERSION/migrate.linux-amd64.tar.gz && \
    echo "4e8b4c4b8f3e8d0a1f5cbb8dbe6dd8b2c3c4e5f60718293a4b5c6d7e8f901234 /tmp/migrate.tar.gz" | sha256sum -c && \
    tar xzf /tmp/migrate.tar.gz -C /usr/local/bin migrate && \
    rm /tmp/migrate.tar.gz
WORKDIR /app
COPY . .
RUN go build -o stamps .

FROM debian:trixie-slim
ENV MIGRATE_VERSION v4.18.1
COPY --from=builder /usr/local/bin/migrate /usr/local/bin/migrate
WORKDIR /app
COPY migrations ./migrations
COPY --from=builder /app/stamps /app/stamps
CMD migrate -path /app/migrations -database "$DATABASE_URL" up && ./stamps
