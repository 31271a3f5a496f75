module example.com/toyshop

go 1.24
