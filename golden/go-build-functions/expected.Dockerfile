FROM golang:1.24 AS builder

WORKDIR /src
COPY . .
RUN scripts/build.sh api worker

FROM gcr.io/distroless/static-debian13

WORKDIR /src
COPY --from=builder /usr/local/bin/api /usr/local/bin/api
COPY --from=builder /usr/local/bin/worker /usr/local/bin/worker

EXPOSE 8080
CMD ["api"]
