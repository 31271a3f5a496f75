#!/bin/sh
set -e
docker build -t ping-build -f Dockerfile.build .
docker create --name ping ping-build
docker cp ping:/out/ping ping
docker rm ping
docker build -t ping .
