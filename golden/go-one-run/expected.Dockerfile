FROM alpine:3.20 AS builder

COPY . /src

RUN apk add --no-cache tini git go \
	&& cd /src \
	&& go build -o /usr/bin/mirrord . \
	&& apk del go

FROM alpine:3.20

RUN apk add --no-cache tini git
COPY --from=builder /usr/bin/mirrord /usr/bin/mirrord

VOLUME ["/repos"]
ENTRYPOINT ["/sbin/tini", "--", "/usr/bin/mirrord"]
