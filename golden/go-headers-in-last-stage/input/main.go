package main

import (
	"fmt"
	"os/exec"
)

func main() {
	log, err := exec.Command("git", "-C", "/srv/pictures", "log", "--oneline").Output()
	fmt.Println(string(log), err)
}
