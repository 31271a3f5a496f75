module example.com/tally

go 1.24

require (
	golang.org/x/text v0.14.0
	github.com/google/uuid v1.6.0
	github.com/spf13/cobra v1.8.0
)
