package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/api/version", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "api version 7")
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:9000", nil))
}
