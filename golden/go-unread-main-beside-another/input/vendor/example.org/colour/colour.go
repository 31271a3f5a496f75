// Package colour numbers the colours of a paint box.
package colour

var names = []string{"none", "red", "yellow", "orange", "blue", "violet", "green", "brown"}

// Bits gives the primary colours in a colour; 0 for an unknown one.
func Bits(name string) int {
	for bits, known := range names {
		if known == name {
			return bits
		}
	}
	return 0
}

// Name is the inverse of Bits.
func Name(bits int) string { return names[bits&7] }
