FROM golang:1.24-alpine AS builder

RUN apk add --no-cache make git curl bash nginx pkgconfig zeromq-dev \
    gcc musl-dev autoconf automake build-base libtool python3

WORKDIR /go/src/queue
COPY . .
RUN make queue

FROM alpine:3.23

RUN apk add --no-cache curl bash nginx libzmq \
    libstdc++ python3

WORKDIR /go/src/queue
COPY start.sh ./
COPY --from=builder /go/src/queue/queue /go/src/queue/queue

COPY conf/nginx.conf /etc/nginx/nginx.conf
EXPOSE 80
CMD ["bash", "start.sh"]
