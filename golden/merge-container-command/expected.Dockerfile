FROM golang:1.24 AS builder
WORKDIR /src
COPY go.mod main.go ./
ENV CGO_ENABLED=0
RUN go build -o out/hello .

FROM scratch
COPY --from=builder /src/out/hello /hello
CMD ["/hello"]
