FROM golang:1.22 AS build
WORKDIR /src
COPY . .
RUN go build -o /bin/wheels .

FROM python:3.11
RUN apt-get update && apt-get install -y zip && rm -rf /var/lib/apt/lists/*
COPY --from=build /bin/wheels /bin/wheels
CMD ["wheels"]
