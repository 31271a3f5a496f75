FROM golang:1.22 AS builder

# how to build
ENV GO111MODULE=on \
    CGO_ENABLED=0 \
    GOOS=linux
ENV GOFLAGS="-trimpath" KILN_DEGREES=1240

WORKDIR /build
COPY go.mod .
RUN go mod download
COPY . .
RUN go build -o kiln .

FROM gcr.io/distroless/static-debian12

ENV GOFLAGS="-trimpath" KILN_DEGREES=1240

WORKDIR /build
COPY --from=builder /build/kiln /build/kiln

# how to run
ENV PORT 8090
EXPOSE 8090
CMD ["/build/kiln"]
