package main

import (
	"fmt"
	"net/http"
	"time"
)

func main() {
	http.HandleFunc("/noon", func(w http.ResponseWriter, r *http.Request) {
		place, err := time.LoadLocation(r.URL.Query().Get("in"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		noon := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
		fmt.Fprintf(w, "there %s, here %s", noon.In(place).Format("15:04"), noon.Local().Format("15:04"))
	})
	http.ListenAndServe(":8080", nil)
}
