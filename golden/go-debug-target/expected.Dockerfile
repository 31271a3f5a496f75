FROM golang:1.24 AS builder

WORKDIR /src
COPY . .
ENV CGO_ENABLED=0
RUN go build -o /bin/tides .

FROM gcr.io/distroless/static-debian13 AS runtime

WORKDIR /src
COPY --from=builder /bin/tides /bin/tides

# the port that the harbour office knows
EXPOSE 9090
ENTRYPOINT ["/bin/tides"]

FROM runtime AS debug
COPY --from=gcr.io/distroless/static-debian13:debug /busybox /busybox
ENV PATH=$PATH:/busybox

FROM runtime AS tides
