module example.com/babel

go 1.24
