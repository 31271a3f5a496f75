FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -o /guestbook .

FROM debian:trixie-slim
RUN groupadd --gid 1500 guest \
    && useradd --uid 1500 --gid guest --create-home --shell /usr/sbin/nologin guest
COPY --from=build /guestbook /opt/guestbook/guestbook
RUN install -d -o guest -g guest -m 750 /var/lib/guestbook \
    && echo "Alan" > /var/lib/guestbook/first.txt \
    && chown guest:guest /var/lib/guestbook/first.txt
VOLUME /var/lib/guestbook
WORKDIR /opt/guestbook
USER guest
EXPOSE 8080
CMD ["/opt/guestbook/guestbook"]
