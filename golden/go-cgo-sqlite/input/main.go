package main

import (
	"fmt"
	"log"
	"net/http"

	"example.org/sqlite"
)

func main() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		sum, err := db.Sum(r.FormValue("a"), r.FormValue("b"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, sum)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
