module common

go 1.22
