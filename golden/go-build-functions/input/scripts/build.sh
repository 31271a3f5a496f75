#!/bin/sh
set -e
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/lib.sh"

cd "$HERE/.."
while [ $# -gt 0 ]; do
    build "$1" || exit 1
    shift
done
