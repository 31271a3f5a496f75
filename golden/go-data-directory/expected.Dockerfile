FROM golang:1.24 AS builder

RUN mkdir -p /data/visits && chown 1000:1000 /data/visits

WORKDIR /src
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -o /usr/local/bin/visits .

FROM gcr.io/distroless/static-debian13

COPY --from=builder /data /data

WORKDIR /src
COPY --from=builder /usr/local/bin/visits /usr/local/bin/visits

USER 1000
VOLUME /data/visits
EXPOSE 8080
ENTRYPOINT ["visits"]
