FROM golang:1.24 AS builder

WORKDIR /src

COPY go.mod ./
RUN go mod download

COPY . .
RUN go build -o /usr/local/bin/greeter .

FROM gcr.io/distroless/base-debian13

WORKDIR /src

COPY --from=builder /usr/local/bin/greeter /usr/local/bin/greeter

EXPOSE 8080
CMD ["/usr/local/bin/greeter"]
