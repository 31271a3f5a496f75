ARG GO=1.24
FROM golang:${GO}-alpine
RUN apk add --no-cache make
WORKDIR /src
COPY . .
RUN make build/bin/server
