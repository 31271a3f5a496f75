package main

import "net/http"

func main() {
	http.ListenAndServe(":8900", http.NotFoundHandler())
}
