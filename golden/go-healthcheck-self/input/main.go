package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
)

func main() {
	check := flag.Bool("check", false, "ask the running lamp")
	flag.Parse()
	if *check {
		answer, err := http.Get("http://localhost:8080/")
		if err != nil || answer.StatusCode != http.StatusOK {
			log.Fatal("dark")
		}
		fmt.Println("lit")
		return
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "light") })
	log.Fatal(http.ListenAndServe(":8080", nil))
}
