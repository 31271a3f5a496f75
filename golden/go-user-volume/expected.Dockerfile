FROM golang:1.24 AS builder

WORKDIR /opt/guestbook
COPY . .
RUN go build -o guestbook .

FROM debian:trixie-slim

COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt

RUN groupadd --gid 1500 guest && \
    useradd --uid 1500 --gid guest --create-home --shell /usr/sbin/nologin guest

WORKDIR /opt/guestbook
COPY --from=builder /opt/guestbook/guestbook /opt/guestbook/guestbook

RUN mkdir -p /var/lib/guestbook && \
    echo "Alan" > /var/lib/guestbook/first.txt && \
    chown -R guest:guest /var/lib/guestbook && \
    chmod 750 /var/lib/guestbook
VOLUME /var/lib/guestbook

USER guest
EXPOSE 8080
CMD ["/opt/guestbook/guestbook"]
