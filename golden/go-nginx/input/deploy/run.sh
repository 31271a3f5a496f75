#!/bin/bash
api &
exec nginx -g 'daemon off;'
