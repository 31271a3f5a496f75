FROM golang:1.13
RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*
RUN go get github.com/example/blog && go clean -cache
WORKDIR /go/src/github.com/example/blog
CMD ["/go/bin/blog"]
