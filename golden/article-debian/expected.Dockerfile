FROM golang:1.24 AS builder
RUN apt-get update && apt-get install -y make git curl bash nginx pkg-config libzmq3-dev \
     gcc autoconf automake build-essential libtool python3

WORKDIR /mosmos/toodle-app
COPY . .
RUN make build/bin/server

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y curl bash nginx \
     python3 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /mosmos/toodle-app
COPY nginx.conf start.sh ./
COPY build ./build
COPY --from=builder /mosmos/toodle-app/build/bin/server /mosmos/toodle-app/build/bin/server

EXPOSE 8080
CMD ["bash", "start.sh"]
