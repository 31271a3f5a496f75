FROM golang:1.24
WORKDIR /shop
COPY . .
RUN make build/bin/server && go clean -cache
EXPOSE 8080
CMD ["build/bin/server"]
