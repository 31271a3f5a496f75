# The weekday service
FROM golang:1.24 AS builder

WORKDIR /go/src/app
COPY go.mod .
COPY cmd ./cmd
COPY internal ./internal

RUN go vet ./... && go test ./... && go build -ldflags "-s -w" -o bin/server ./cmd/server

FROM gcr.io/distroless/base-debian13
LABEL org.opencontainers.image.title="weekday"

WORKDIR /go/src/app

COPY --from=builder /go/src/app/bin/server /go/src/app/bin/server

EXPOSE 8000
ENTRYPOINT ["/go/src/app/bin/server"]
CMD ["-listen", ":8000"]
