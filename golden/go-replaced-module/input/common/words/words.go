package words

// Greet is what the server says to a visitor.
func Greet(name string) string { return "Good day, " + name }
