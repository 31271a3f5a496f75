package main

import (
	"fmt"
	"time"
)

func main() {
	paris, err := time.LoadLocation("Europe/Paris")
	fmt.Println(time.Now().In(paris), err)
}
