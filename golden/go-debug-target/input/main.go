// Tides says whether the water rises at an hour of the day.
package main

import (
	"fmt"
	"log"
	"net/http"
	"strconv"
)

func main() {
	http.HandleFunc("/tide", func(w http.ResponseWriter, r *http.Request) {
		hour, err := strconv.Atoi(r.URL.Query().Get("hour"))
		if err != nil {
			http.Error(w, "hour is no number", http.StatusBadRequest)
			return
		}
		if hour%12 < 6 {
			fmt.Fprintln(w, "rising")
		} else {
			fmt.Fprintln(w, "falling")
		}
	})
	log.Fatal(http.ListenAndServe(":9090", nil))
}
