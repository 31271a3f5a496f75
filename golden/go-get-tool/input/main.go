package main

import (
	"net/http"
)

// @title Parcels
// @version 1.0
func main() {
	http.ListenAndServe(":8080", http.FileServer(http.Dir("docs")))
}
