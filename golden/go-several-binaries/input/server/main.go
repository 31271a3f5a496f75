package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	http.HandleFunc("/jobs", func(w http.ResponseWriter, _ *http.Request) {
		list, err := os.ReadFile("jobs.txt")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%d jobs\n", strings.Count(string(list), "\n"))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
