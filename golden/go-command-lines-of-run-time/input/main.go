package main

import (
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"strings"
)

func run(line string) {
	words := strings.Fields(line)
	if err := exec.Command(words[0], words[1:]...).Run(); err != nil {
		log.Fatal(err)
	}
}

func main() {
	run("git version")
	text, err := os.ReadFile("jobs.json")
	if err != nil {
		log.Fatal(err)
	}
	var jobs []string
	if err := json.Unmarshal(text, &jobs); err != nil {
		log.Fatal(err)
	}
	for _, job := range jobs {
		run(job)
	}
}
