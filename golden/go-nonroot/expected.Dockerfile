FROM golang:1.24 AS builder
WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/dice .

FROM gcr.io/distroless/base-debian13 AS runtime
WORKDIR /src
COPY --from=builder /usr/local/bin/dice /usr/local/bin/dice
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["dice"]

FROM runtime AS debug
COPY --from=gcr.io/distroless/base-debian13:debug /busybox /busybox
ENV PATH=$PATH:/busybox

FROM runtime
