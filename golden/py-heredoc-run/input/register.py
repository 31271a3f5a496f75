import getpass
import sys

import psycopg2.extensions

version = psycopg2.extensions.libpq_version() // 10000
print(f"{getpass.getuser()}: {' '.join(sys.argv[1:])} with libpq {version}")
