package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"

	"example.com/paintbox/palette"
)

func main() {
	addr := flag.String("addr", ":80", "address")
	flag.Parse()
	http.HandleFunc("/mix", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, palette.Mix(r.FormValue("a"), r.FormValue("b")))
	})
	log.Fatal(http.ListenAndServe(*addr, nil))
}
