FROM golang:1.24 AS builder

WORKDIR /srv/herbarium
COPY . .
RUN go mod download && go build -o herbarium .

FROM gcr.io/distroless/base-debian13

WORKDIR /srv/herbarium
COPY web ./web
COPY --from=builder /srv/herbarium/herbarium /srv/herbarium/herbarium

EXPOSE 8080
CMD ["./herbarium"]
