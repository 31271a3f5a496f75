package main

import (
	"fmt"
	"log"
	"net/http"
	"slices"
)

func main() {
	http.HandleFunc("/reverse", func(w http.ResponseWriter, r *http.Request) {
		letters := []rune(r.FormValue("text"))
		slices.Reverse(letters)
		fmt.Fprintln(w, string(letters))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
