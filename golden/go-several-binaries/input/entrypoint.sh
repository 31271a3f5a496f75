#!/bin/bash
set -euo pipefail

role=$1
shift
case "$role" in
    server) exec "$APP_HOME/bin/server" "$@" ;;
    worker) exec "$APP_HOME/bin/worker" "$@" ;;
    *) exec "$role" "$@" ;;
esac
