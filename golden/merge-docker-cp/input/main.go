package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	text, err := os.ReadFile("stop.txt")
	if err != nil {
		log.Fatal(err)
	}
	stop := strings.Fields(string(text))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		count := 0
		for _, word := range strings.Fields(r.FormValue("text")) {
			if !strings.Contains(" "+strings.Join(stop, " ")+" ", " "+word+" ") {
				count++
			}
		}
		fmt.Fprintln(w, count, "words")
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
