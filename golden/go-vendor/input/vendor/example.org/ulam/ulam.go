// Package ulam follows the 3n+1 rule.
package ulam

// Steps counts the steps from n down to 1.
func Steps(n uint64) (steps int) {
	for ; n > 1; steps++ {
		if n%2 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
	}
	return steps
}
