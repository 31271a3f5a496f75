module example.com/player
go 1.24
