FROM golang:1.24 AS builder

RUN apt-get update && apt-get install -y make gcc git

WORKDIR /shop
COPY . .
RUN make build/bin/server

FROM gcr.io/distroless/base-debian13

WORKDIR /shop
COPY build ./build
COPY media ./media
COPY --from=builder /shop/build/bin/server /shop/build/bin/server

EXPOSE 8080
CMD ["build/bin/server"]
