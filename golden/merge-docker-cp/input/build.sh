#!/bin/sh
set -e

echo "building the program"
docker build --build-arg https_proxy=$https_proxy -t acme/words:build . -f Dockerfile.build

docker create --name extract acme/words:build
docker cp extract:/go/src/words/counter ./words
docker rm -f extract

echo "building the image"
docker build --no-cache -t acme/words .
rm ./words
