FROM golang:1.24-bookworm AS build
WORKDIR /src
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -o /out/reports .

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        gettext-base \
        poppler-utils \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/reports /usr/local/bin/reports
WORKDIR /srv/reports
COPY layouts layouts
COPY docker/config.tmpl docker/
COPY --chmod=755 docker/entrypoint.sh docker/
ENV TITLE=Reports
EXPOSE 9090
ENTRYPOINT ["/srv/reports/docker/entrypoint.sh"]
CMD ["reports", "-listen", ":9090"]
