FROM golang:1.24-alpine AS builder
WORKDIR /app
RUN apk add --update --no-cache ffmpeg py3-pip && python3 -m venv ./venv && source ./venv/bin/activate && pip install yt-dlp
COPY . .
RUN go build -o server

FROM alpine:3.23
WORKDIR /app
RUN apk add --update --no-cache ffmpeg py3-pip
COPY --from=builder /app/venv /app/venv
COPY --from=builder /app/server /app/server
CMD ["./server"]
