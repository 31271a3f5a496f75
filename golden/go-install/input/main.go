// Roman prints its argument in Roman numerals.
package main

import (
	"fmt"
	"os"
	"strconv"
)

var signs = []struct {
	value int
	text  string
}{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
	{50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: roman NUMBER")
		os.Exit(2)
	}
	number, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, sign := range signs {
		for ; number >= sign.value; number -= sign.value {
			fmt.Print(sign.text)
		}
	}
	fmt.Println()
}
