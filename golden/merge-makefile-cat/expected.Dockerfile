ARG GO=1.24
ARG ALPINE=3.21
FROM golang:${GO}-alpine AS builder
RUN apk add --no-cache make
WORKDIR /src
COPY . .
RUN make build/bin/server

FROM alpine:${ALPINE}
RUN adduser -D -u 1000 web
COPY templates/ /srv/
COPY --from=builder /src/build/bin/server /srv/
RUN chmod 755 /srv/server
USER web
WORKDIR /srv
ENTRYPOINT ["/srv/server"]
