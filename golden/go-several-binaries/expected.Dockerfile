FROM golang:1.24 AS builder

ENV APP_HOME=/opt/jobs
WORKDIR $APP_HOME

COPY go.mod ./
COPY server ./server
COPY worker ./worker
RUN go build -o bin/ ./server ./worker

FROM debian:trixie-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*

ENV APP_HOME=/opt/jobs
WORKDIR $APP_HOME

COPY --from=builder /opt/jobs/bin/server /opt/jobs/bin/server
COPY --from=builder /opt/jobs/bin/worker /opt/jobs/bin/worker

COPY entrypoint.sh jobs.txt ./
RUN chmod +x entrypoint.sh

EXPOSE 8080
ENTRYPOINT ["./entrypoint.sh"]
CMD ["server"]
