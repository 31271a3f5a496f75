package main

import (
	"fmt"
	"log"
	"math/rand"
	"net/http"
	"strconv"
)

func main() {
	http.HandleFunc("/roll", func(w http.ResponseWriter, r *http.Request) {
		sides, err := strconv.Atoi(r.FormValue("sides"))
		if err != nil || sides < 1 {
			http.Error(w, "how many sides?", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "rolled %d\n", 1+rand.Intn(sides))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
