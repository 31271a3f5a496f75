#!/bin/sh
set -e
# the content is a repository of its own
[ -d /app/content/.git ] || git clone --depth 1 "$CONTENT_URL" /app/content
exec node main.mjs
