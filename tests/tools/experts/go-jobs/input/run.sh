#!/bin/sh
set -e
/app/bin/migrate
exec jobs
