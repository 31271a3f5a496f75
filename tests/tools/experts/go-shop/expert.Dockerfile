FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod *.go ./
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /shop .

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1001 --create-home shop
WORKDIR /app
COPY --from=build /shop ./
COPY templates templates
COPY static static
RUN mkdir uploads && chown shop uploads
ENV SHOP_NAME="Corner Shop" PORT=8080
EXPOSE 8080
USER shop
HEALTHCHECK --interval=30s CMD curl -fsS http://localhost:8080/healthz || exit 1
CMD ["./shop"]
