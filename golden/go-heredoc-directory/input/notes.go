package main

import (
	"fmt"
	"log"
	"os"
	"strings"
)

func main() {
	conf, err := os.ReadFile("/etc/notes.conf")
	if err != nil {
		log.Fatal(err)
	}
	name := strings.TrimSpace(string(conf))
	if err := os.WriteFile(name, []byte("buy bread\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	fmt.Println("noted in", name)
}
