package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	data, err := os.ReadFile("build/client/strings/en.json")
	if err != nil {
		log.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(data, &texts); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, texts["welcome"])
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
