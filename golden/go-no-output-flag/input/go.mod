module example.com/team/tally/v2

go 1.24
