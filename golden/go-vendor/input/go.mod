module example.com/steps

go 1.24

require example.org/ulam v1.0.0
