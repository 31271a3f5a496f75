#!/bin/bash
set -e
nginx -c /mosmos/toodle-app/nginx.conf
exec build/bin/server
