#!/bin/sh
set -e
/usr/local/bin/python3 -c 'import waitress'
exec /root/.local/bin/waitress-serve --port=8000 "$@" moon:app
