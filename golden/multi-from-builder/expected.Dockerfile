FROM golang:1.24 AS builder
WORKDIR /src
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -o /usr/local/bin/hello .
CMD ["go", "test", "./..."]

FROM gcr.io/distroless/static-debian13 AS production
WORKDIR /src
COPY --from=builder /usr/local/bin/hello /usr/local/bin/hello
ENV MODE=production
ENTRYPOINT ["hello"]
