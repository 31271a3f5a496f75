#!/bin/bash
./queue &
exec nginx -g "daemon off;"
