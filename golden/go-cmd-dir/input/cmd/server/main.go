package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"

	"example.com/weekday/internal/clock"
)

func main() {
	listen := flag.String("listen", ":80", "address to listen on")
	flag.Parse()
	http.HandleFunc("/weekday", func(w http.ResponseWriter, r *http.Request) {
		day, err := clock.Weekday(r.URL.Query().Get("date"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, day)
	})
	log.Fatal(http.ListenAndServe(*listen, nil))
}
