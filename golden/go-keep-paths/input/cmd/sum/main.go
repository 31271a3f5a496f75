// Sum is what people call by hand in the running container.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	sum := 0
	for _, word := range os.Args[1:] {
		number, _ := strconv.Atoi(word)
		sum += number
	}
	fmt.Println("sum", sum)
}
