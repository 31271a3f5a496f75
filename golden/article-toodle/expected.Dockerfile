FROM golang:1.24-alpine AS builder
RUN apk add --no-cache make git curl bash nginx pkgconfig zeromq-dev \
     gcc musl-dev autoconf automake build-base libtool python

WORKDIR /mosmos/toodle-app
COPY . .
RUN make build/bin/server

FROM alpine:3.23
RUN apk add --no-cache curl bash nginx \
     python

WORKDIR /mosmos/toodle-app
COPY nginx.conf start.sh ./
COPY build ./build
COPY --from=builder /mosmos/toodle-app/build/bin/server /mosmos/toodle-app/build/bin/server

EXPOSE 8080
CMD ["bash", "start.sh"]
