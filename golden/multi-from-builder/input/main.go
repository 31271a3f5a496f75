package main

import "fmt"

func main() { fmt.Println("built and run in one stage no more") }
