module example.org/mirrord

go 1.22
