from cffi import FFI

ffi = FFI()
ffi.cdef("int PQlibVersion(void);")
print(ffi.verify("#include <libpq-fe.h>", libraries=["pq"]).PQlibVersion())
