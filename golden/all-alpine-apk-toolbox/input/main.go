package main

/*
#cgo pkg-config: libzmq
#include <zmq.h>
*/
import "C"

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	var major, minor, patch C.int
	C.zmq_version(&major, &minor, &patch)
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "ZeroMQ %d.%d.%d\n", major, minor, patch)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:9000", nil))
}
