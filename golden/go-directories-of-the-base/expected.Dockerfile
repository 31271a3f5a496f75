FROM golang:1.22 AS builder
WORKDIR /src
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -o /usr/local/bin/till .

FROM gcr.io/distroless/static-debian12
WORKDIR /src
COPY --from=builder /opt /opt
COPY --from=builder /srv /srv
COPY --from=builder /usr/local/bin/till /usr/local/bin/till
COPY prices.json /opt
EXPOSE 8080
CMD ["till"]
