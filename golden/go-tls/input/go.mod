module example.com/chimes

go 1.24
