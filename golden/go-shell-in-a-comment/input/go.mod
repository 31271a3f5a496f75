module example.com/mockserver

go 1.22
