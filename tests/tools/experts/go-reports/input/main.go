// Renders reports, and extracts the text of PDF files.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
)

type config struct{ Title, Layouts string }

func main() {
	listen := flag.String("listen", ":80", "address")
	flag.Parse()
	data, err := os.ReadFile("/tmp/config.json")
	if err != nil {
		log.Fatal(err)
	}
	var own config
	if err := json.Unmarshal(data, &own); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name := r.FormValue("layout")
		if name == "" {
			name = "plain"
		}
		layout, err := template.ParseFiles(filepath.Join(own.Layouts, name+".tmpl"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		layout.Execute(w, own)
	})
	http.HandleFunc("/text", func(w http.ResponseWriter, r *http.Request) {
		extract := exec.Command("pdftotext", "-", "-")
		extract.Stdin, extract.Stdout = r.Body, w
		if err := extract.Run(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	log.Println("reports listens on", *listen)
	log.Fatal(http.ListenAndServe(*listen, nil))
}
