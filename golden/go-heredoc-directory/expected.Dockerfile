FROM golang:1.24 AS builder

WORKDIR /src
COPY go.mod notes.go ./
RUN <<EOF
set -e
go vet ./...
CGO_ENABLED=0 go build -o /usr/local/bin/notes .
EOF

RUN <<EOF
mkdir -p /var/lib/notes
chown 1000:1000 /var/lib/notes
EOF

FROM gcr.io/distroless/static-debian13

WORKDIR /src
COPY --from=builder /usr/local/bin/notes /usr/local/bin/notes

COPY --from=builder --chown=1000:1000 /var/lib/notes /var/lib/notes

COPY <<EOF /etc/notes.conf
/var/lib/notes/today
EOF

USER 1000
CMD ["/usr/local/bin/notes"]
