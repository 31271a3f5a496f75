// Command till adds prices, and writes a journal.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	text, err := os.ReadFile("/opt/prices.json")
	if err != nil {
		log.Fatal(err)
	}
	var prices map[string]int
	if err := json.Unmarshal(text, &prices); err != nil {
		log.Fatal(err)
	}
	journal, err := os.Create("/srv/journal.txt")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/total", func(w http.ResponseWriter, r *http.Request) {
		total := 0
		for _, price := range prices {
			total += price
		}
		fmt.Fprintln(journal, total)
		fmt.Fprintln(w, total)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
