FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -ldflags="-s -w" -o /chimes .

FROM debian:trixie-slim AS data
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata

FROM scratch
COPY --from=data /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=data /usr/share/zoneinfo /usr/share/zoneinfo
WORKDIR /app
COPY --from=build /chimes .
EXPOSE 8080
CMD ["/app/chimes"]
