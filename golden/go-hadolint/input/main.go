// Greeter answers every visitor by name.
package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/greet", func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("name")
		if name == "" {
			name = "stranger"
		}
		fmt.Fprintf(w, "Good day, %s\n", name)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
