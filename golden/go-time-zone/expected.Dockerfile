FROM golang:1.24 AS builder
ENV TZ=Europe/Paris
WORKDIR /app
COPY . .
RUN go build -o sundial .

FROM gcr.io/distroless/base-debian13
ENV TZ=Europe/Paris
WORKDIR /app
COPY --from=builder /app/sundial /app/sundial
EXPOSE 8080
CMD ["/app/sundial"]
