package main

import (
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"time"
)

// forward fetches a page over TLS for the caller.
func forward(w http.ResponseWriter, r *http.Request) {
	answer, err := http.Get("https://" + r.FormValue("host"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	fmt.Fprintln(w, answer.Status)
}

// roots says whether the system trusts any certificate authority.
func roots(w http.ResponseWriter, _ *http.Request) {
	pool, err := x509.SystemCertPool()
	if err != nil || pool.Equal(x509.NewCertPool()) {
		http.Error(w, "nobody", http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "authorities are trusted")
}

func main() {
	http.HandleFunc("/forward", forward)
	http.HandleFunc("/roots", roots)
	http.HandleFunc("/time", func(w http.ResponseWriter, r *http.Request) {
		zone, err := time.LoadLocation(r.FormValue("zone"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		newYear := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		fmt.Fprintln(w, newYear.In(zone).Format("2006-01-02 15:04 MST"))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
