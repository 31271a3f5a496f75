FROM golang:1.24-alpine AS build
WORKDIR /app
COPY go.mod ./
COPY cmd cmd
RUN go build -o bin/ ./cmd/...

FROM alpine:3.20
RUN apk add --no-cache tini tzdata
WORKDIR /app
COPY --from=build /app/bin bin
RUN ln -s /app/bin/jobs /usr/local/bin/jobs
COPY db/migrations db/migrations
COPY run.sh .
ENV TZ=Europe/Berlin
STOPSIGNAL SIGINT
HEALTHCHECK CMD ["jobs", "-check"]
ENTRYPOINT ["/sbin/tini", "--"]
CMD ["sh", "run.sh"]
