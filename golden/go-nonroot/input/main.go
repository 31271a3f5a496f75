// Dice rolls as often as it is asked to, and says who rolls.
package main

import (
	"fmt"
	"log"
	"math/rand"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/roll", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, 1+rand.Intn(6))
	})
	http.HandleFunc("/scratch", func(w http.ResponseWriter, r *http.Request) {
		file, err := os.CreateTemp("", "roll")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer os.Remove("/tmp/none")
		fmt.Fprintln(w, "scratch", file.Close() == nil)
	})
	http.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "user", os.Getuid())
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
