FROM golang:1.24-alpine
RUN apk add --no-cache curl bash nginx \
     python

WORKDIR /mosmos/toodle-app
COPY . .
RUN apk add --no-cache --virtual .build-deps \
        make git pkgconfig zeromq-dev gcc musl-dev autoconf automake build-base libtool \
    && make build/bin/server \
    && apk del .build-deps \
    && go clean -cache

EXPOSE 8080
CMD ["bash", "start.sh"]
