// Package clock knows the calendar.
package clock

import "time"

// Weekday gives the English name of the day of a date like 2024-02-29.
func Weekday(date string) (string, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return "", err
	}
	return day.Weekday().String(), nil
}
