package main

import (
	"fmt"
	"net/http"
	"os/exec"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		out, err := exec.Command("worker").Output()
		fmt.Fprintf(w, "worker said %s (%v)\n", out, err)
	})
	http.ListenAndServe(":8080", nil)
}
