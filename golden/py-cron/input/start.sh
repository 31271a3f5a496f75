#!/bin/sh
cron
echo "cron is up"
exec tail -f /var/log/tidy.log
