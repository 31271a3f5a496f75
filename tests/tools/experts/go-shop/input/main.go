package main

import (
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
)

var pages = template.Must(template.ParseGlob("templates/*.html"))

func page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := pages.ExecuteTemplate(w, name, os.Getenv("SHOP_NAME")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

func upload(w http.ResponseWriter, r *http.Request) {
	file, err := os.Create(filepath.Join("uploads", filepath.Base(r.URL.Path)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer file.Close()
	io.Copy(file, r.Body)
}

func main() {
	http.HandleFunc("/{$}", page("index.html"))
	http.HandleFunc("/receipt", page("receipt.html"))
	http.HandleFunc("/uploads/", upload)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir("static"))))
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
