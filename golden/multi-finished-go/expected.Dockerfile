FROM golang:1.24-bookworm AS build
WORKDIR /src
COPY go.mod main.go ./
RUN CGO_ENABLED=0 go build -o /out/server .

# The image that runs
FROM gcr.io/distroless/static-debian12
WORKDIR /app
COPY --from=build /out/server .
COPY pages ./pages
EXPOSE 8080
CMD ["./server"]
