package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "schema", os.Getenv("SCHEMA"))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
