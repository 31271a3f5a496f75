FROM golang:1.24 AS builder
WORKDIR /src
COPY . .
RUN cd cmd/crates && go build -o /bin/crates . && cd - && rm -rf /src/*

FROM gcr.io/distroless/static-debian13
WORKDIR /src
COPY --from=builder /bin/crates /bin/crates
CMD ["/bin/crates"]
