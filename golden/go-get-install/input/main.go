package main

import "fmt"

func main() { fmt.Println("even:", 42%2 == 0) }
