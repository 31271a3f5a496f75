package main

import (
	_ "embed"
	"log"
	"net/http"
)

//go:embed index.html
var page []byte

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write(page) })
	log.Fatal(http.ListenAndServe(":8080", nil))
}
