// A visitors' book: every visit is a line in a file.
package main

import (
	"bytes"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
)

const book = "/data/visits/book.txt"

func main() {
	var mutex sync.Mutex
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		lines, err := os.ReadFile(book)
		if err != nil && !os.IsNotExist(err) {
			log.Fatal(err)
		}
		lines = append(lines, "visit\n"...)
		if err := os.WriteFile(book, lines, 0o600); err != nil {
			log.Fatal(err)
		}
		fmt.Fprintf(w, "%d visit(s)\n", bytes.Count(lines, []byte("\n")))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
