#!/bin/sh
set -e
goose -dir migrations sqlite3 parcels.db up
exec ./api
