FROM golang:1.24-alpine AS builder
RUN apk add --no-cache --virtual .fonts font-dejavu
RUN cp -r /usr/share/fonts/dejavu /opt/fonts
WORKDIR /src
COPY . .
RUN apk del .fonts && go build -o /usr/local/bin/app .

FROM alpine:3.23
RUN apk add --no-cache --virtual .fonts font-dejavu
RUN cp -r /usr/share/fonts/dejavu /opt/fonts
WORKDIR /src
RUN apk del .fonts
COPY --from=builder /usr/local/bin/app /usr/local/bin/app
CMD ["app"]
