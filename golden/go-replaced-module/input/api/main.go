package main

import (
	"fmt"
	"net/http"

	"common/words"
)

func main() {
	http.HandleFunc("/greet", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, words.Greet(r.URL.Query().Get("name")))
	})
	http.ListenAndServe(":8080", nil)
}
