FROM golang:1.24-alpine AS builder

WORKDIR /src
COPY . .
# the time of the machine, without the package
RUN apk add --no-cache tzdata && cp /usr/share/zoneinfo/Asia/Tokyo /etc/localtime && apk del tzdata
RUN go build -o /usr/local/bin/greeter .

FROM alpine:3.23

WORKDIR /src
# the time of the machine, without the package
RUN apk add --no-cache tzdata && cp /usr/share/zoneinfo/Asia/Tokyo /etc/localtime && apk del tzdata
COPY --from=builder /usr/local/bin/greeter /usr/local/bin/greeter

EXPOSE 8080
CMD ["greeter"]
