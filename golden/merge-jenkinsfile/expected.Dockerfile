# the page
FROM node:22 AS page
WORKDIR /page
COPY page/ ./
RUN node build.js

# the server, with the page in it
FROM golang:1.24 AS builder
WORKDIR /src
COPY go.mod main.go ./
COPY --from=page /page/index.html ./
RUN CGO_ENABLED=0 go build -o /out/board .

FROM alpine:3.21
COPY --from=builder /out/board /usr/bin/board
EXPOSE 8080
CMD ["board"]
