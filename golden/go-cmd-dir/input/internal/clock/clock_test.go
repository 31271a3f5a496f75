package clock

import "testing"

func TestWeekday(t *testing.T) {
	if day, err := Weekday("2000-01-01"); err != nil || day != "Saturday" {
		t.Fatalf("got %q, %v", day, err)
	}
}
