module example.com/sums

go 1.24

require example.org/sqlite v0.1.0
