FROM golang:1.24-alpine AS builder
RUN apk add --no-cache --virtual .build-deps gcc musl-dev
RUN apk add --no-cache tzdata && cp /usr/share/zoneinfo/Europe/Paris /etc/localtime && apk del tzdata
WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/app . && apk del .build-deps

FROM alpine:3.23
RUN apk add --no-cache tzdata && cp /usr/share/zoneinfo/Europe/Paris /etc/localtime && apk del tzdata
WORKDIR /src
COPY --from=builder /usr/local/bin/app /usr/local/bin/app
CMD ["app"]
