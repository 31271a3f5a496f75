module example.com/wheels

go 1.22
