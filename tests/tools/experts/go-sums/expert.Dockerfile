FROM golang:1.24-trixie AS build
RUN apt-get update && apt-get install -y --no-install-recommends libsqlite3-dev
WORKDIR /go/src/sums
COPY . .
RUN go build -mod=vendor -ldflags="-s -w" -o /sums .

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsqlite3-0 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /sums /usr/local/bin/
WORKDIR /go/src/sums
EXPOSE 8080
CMD ["sums"]
