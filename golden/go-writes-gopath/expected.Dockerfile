FROM golang:1.22 AS builder

COPY src/tally src/tally
RUN cd src/tally && GOOS=linux GOARCH=amd64 go install .

FROM debian:bookworm-slim

COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/go/bin:$PATH
RUN install -d -m 1777 /go /go/bin
WORKDIR /go

COPY --from=builder /go/bin/tally /go/bin/tally

RUN useradd --uid 4000 counter
USER counter

EXPOSE 8080
CMD ["tally", "visits.txt"]
