FROM golang:1.24 AS builder
WORKDIR /app
COPY . .
RUN go build .

FROM gcr.io/distroless/base-debian13
WORKDIR /app
COPY --from=builder /app/tally /app/tally
ENV PORT=3000
EXPOSE 3000
CMD ["./tally"]
