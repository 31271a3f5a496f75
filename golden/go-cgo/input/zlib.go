package main

/*
#cgo LDFLAGS: -lz
#include <stdlib.h>
#include <zlib.h>

static unsigned long crc_of(const char *text, unsigned int length) {
    return crc32(crc32(0L, Z_NULL, 0), (const Bytef *)text, length);
}
*/
import "C"

import "unsafe"

func checksum(text string) uint32 {
	data := C.CString(text)
	defer C.free(unsafe.Pointer(data))
	return uint32(C.crc_of(data, C.uint(len(text))))
}
