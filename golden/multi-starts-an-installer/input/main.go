package main

import (
	"net/http"
	"os/exec"
	"strings"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		args := append([]string{"install", "--target", "/tmp/out"}, strings.Fields(r.FormValue("package"))...)
		if err := exec.Command("pip", args...).Run(); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	_ = http.ListenAndServe(":8080", nil)
}
