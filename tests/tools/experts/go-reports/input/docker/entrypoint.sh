#!/bin/bash
set -euo pipefail
envsubst < /srv/reports/docker/config.tmpl > /tmp/config.json
exec "$@"
