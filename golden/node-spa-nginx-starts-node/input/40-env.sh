#!/bin/sh
node /app/gen.js > /usr/share/nginx/html/env.js
