#!/bin/sh
exec wget -qO- http://localhost:3000/health
