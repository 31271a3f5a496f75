package main

import "os/exec"

func main() {
	if err := exec.Command("probe").Run(); err != nil {
		panic(err)
	}
}
