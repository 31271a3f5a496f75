#include <postgresql/libpq-fe.h>

int main(void) { return PQlibVersion() < 90000; }
