module api

go 1.22

replace common => ../common

require common v0.0.0
