package main

import "os"

func main() {
	source := "package main\n\nconst version = 3\n"
	if err := os.WriteFile("cmd/server/version.go", []byte(source), 0o644); err != nil {
		panic(err)
	}
}
