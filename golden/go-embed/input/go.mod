module example.com/poems

go 1.24
