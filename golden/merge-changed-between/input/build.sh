#!/bin/sh -e
docker build -t hello-build -f Dockerfile.build .
docker run --rm hello-build cat /src/hello > hello
upx hello
docker build -t hello .
