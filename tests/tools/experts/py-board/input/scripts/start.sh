#!/bin/sh
set -e
for file in /board/sql/*.sql; do python -m board.migrate "$file"; done
exec uvicorn board.app:app --loop uvloop "$@"
