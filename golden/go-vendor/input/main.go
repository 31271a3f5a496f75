package main

import (
	"fmt"
	"log"
	"net/http"
	"strconv"

	"example.org/ulam"
)

var version = "unknown"

func main() {
	log.Printf("steps %s", version)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(r.FormValue("n"), 10, 32)
		if err != nil {
			http.Error(w, "n must be a number", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%d steps\n", ulam.Steps(n))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
