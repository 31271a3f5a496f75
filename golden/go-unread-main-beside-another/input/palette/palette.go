// Package palette mixes colours by name.
package palette

import "example.org/colour"

// Mix gives the name of the mixture of two primary colours.
func Mix(a, b string) string {
	return colour.Name(colour.Bits(a) | colour.Bits(b))
}
