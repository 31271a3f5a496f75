FROM golang:1.24 AS builder
WORKDIR /build
COPY . .
RUN go generate ./... && go build -trimpath -o /bin/poems .

FROM gcr.io/distroless/base-debian13
COPY --from=builder /bin/poems /bin/poems
WORKDIR /
EXPOSE 8080
ENTRYPOINT ["poems"]
