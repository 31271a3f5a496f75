#include <libpq-fe.h>

int main(void) { return PQlibVersion() < 90000; }
