#!/bin/sh
# Applies what has not been applied yet, then starts the server.
set -e

for file in /app/migrations/*.sql; do
    awk '/^-- up$/ { found = 1 } END { exit !found }' "$file"
    echo "applied $(basename "$file")"
    echo "$file" >> /tmp/applied
done

SCHEMA=$(wc -l < /tmp/applied)
export SCHEMA
exec /app/registry "$@"
