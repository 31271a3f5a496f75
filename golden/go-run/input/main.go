package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "compiled just now")
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
