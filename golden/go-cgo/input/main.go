package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/crc", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%08x\n", checksum(r.FormValue("text")))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
