FROM golang:1.24 AS builder

WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/sum ./cmd/sum
RUN go build -o /srv/words ./cmd/words

FROM gcr.io/distroless/base-debian13

WORKDIR /src
COPY --from=builder /src/LICENSE-NOTES /src/LICENSE-NOTES
COPY --from=builder /usr/local/bin/sum /usr/local/bin/sum
COPY --from=builder /srv/words /srv/words

EXPOSE 8080
CMD ["/srv/words"]
