FROM golang:1.24 AS builder

ENV APP_HOME=/opt/jobs
WORKDIR $APP_HOME

COPY go.mod ./
COPY server ./server
COPY worker ./worker
RUN go build -o bin/ ./server ./worker

FROM debian:trixie-slim

COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt

ENV APP_HOME=/opt/jobs
WORKDIR $APP_HOME

COPY --from=builder /opt/jobs/bin/server /opt/jobs/bin/server
COPY --from=builder /opt/jobs/bin/worker /opt/jobs/bin/worker

COPY entrypoint.sh jobs.txt ./
RUN chmod +x entrypoint.sh

EXPOSE 8080
ENTRYPOINT ["./entrypoint.sh"]
CMD ["server"]
