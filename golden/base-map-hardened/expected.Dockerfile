FROM corp/build/go:1.24-approved AS builder

WORKDIR /src
COPY go.mod ./
RUN go mod download
COPY . .
ENV CGO_ENABLED=0
RUN go build -o /tally .

FROM corp/run/static:13

WORKDIR /src
COPY --from=builder /tally /tally

ENTRYPOINT ["/tally"]
