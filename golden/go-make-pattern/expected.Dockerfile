FROM golang:1.22 AS builder

WORKDIR /src
COPY . .
RUN make build/bin/server

FROM gcr.io/distroless/base-debian12

WORKDIR /src
COPY --from=builder /src/build/bin/server /src/build/bin/server

EXPOSE 8080
CMD ["/src/build/bin/server"]
