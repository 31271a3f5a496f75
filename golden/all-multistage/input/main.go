package main

func main() {
	println("two stages are enough")
}
