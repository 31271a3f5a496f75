package main

import (
	"log"
	"os"

	"example.org/mirrord/vcs"
)

func main() {
	for _, url := range os.Args[1:] {
		if err := vcs.Clone(url, "/repos"); err != nil {
			log.Fatal(err)
		}
	}
}
