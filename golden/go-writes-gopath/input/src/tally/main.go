// Counts its visitors in a file of the directory that it is started in.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	file, err := os.OpenFile(os.Args[1], os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	var visits int
	http.HandleFunc("/visit", func(w http.ResponseWriter, r *http.Request) {
		visits++
		if _, err := file.WriteAt([]byte(fmt.Sprint(visits)), 0); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		text, _ := os.ReadFile(os.Args[1])
		fmt.Fprintf(w, "visits: %s\n", text)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
