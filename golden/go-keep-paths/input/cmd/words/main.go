// Words counts the words it is sent.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

func main() {
	http.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		fmt.Fprintln(w, len(strings.Fields(string(text)+" "+r.URL.Query().Get("text"))))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
