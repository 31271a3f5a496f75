package main

import (
	"log"
	"net/http"
	"os/exec"
)

func answer(command ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		output, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			output = append(output, err.Error()...)
		}
		w.Write(output)
	}
}

func initRepository(w http.ResponseWriter, r *http.Request) {
	output, err := exec.Command("git", "init", "--bare", "/tmp/scratch").CombinedOutput()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(output)
}

func main() {
	http.HandleFunc("/init", initRepository)
	http.HandleFunc("/archive", answer("tar", "--create", "--verbose", "--absolute-names", "--file=/tmp/a.tar", "/tmp/scratch/HEAD"))
	log.Fatal(http.ListenAndServe(":8080", nil))
}
