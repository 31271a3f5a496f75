from cffi import FFI

ffi = FFI()
ffi.cdef("int atoi(const char *);")
print(ffi.dlopen(None).atoi(b"42"))
