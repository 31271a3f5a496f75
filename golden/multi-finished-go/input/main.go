package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	page, err := os.ReadFile("pages/index.html")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.Write(page) })
	http.ListenAndServe(":8080", nil)
}
