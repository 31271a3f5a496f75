import sqlite3
import sys

with sqlite3.connect("data/board.db") as db:
    db.executescript(open(sys.argv[1]).read())
print("applied", sys.argv[1])
