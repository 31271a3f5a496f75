PLACE=/usr/local/bin

build() {
    CGO_ENABLED=0 go build -o "$PLACE/$1" "./cmd/$1"
}
