package main

import "fmt"

func main() { fmt.Println("12 boxes dispatched") }
