package main

func main() {
	println("pong")
}
