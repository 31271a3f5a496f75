#!/usr/bin/env bash
set -e
export SECRET_KEY=${SECRET_KEY:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}
if [ "$1" = gunicorn ]; then
    python manage.py migrate --noinput
fi
exec "$@"
