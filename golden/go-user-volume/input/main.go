package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
)

const book = "/var/lib/guestbook"

func sign(w http.ResponseWriter, r *http.Request) {
	file := filepath.Join(book, filepath.Base(r.FormValue("name"))+".txt")
	if err := os.WriteFile(file, []byte(r.FormValue("name")), 0o640); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	guests, err := filepath.Glob(book + "/*.txt")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%d guests\n", len(guests))
}

func whoami(w http.ResponseWriter, _ *http.Request) {
	current, err := user.Current()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%s (uid %s)\n", current.Username, current.Uid)
}

func main() {
	http.HandleFunc("/sign", sign)
	http.HandleFunc("/whoami", whoami)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
