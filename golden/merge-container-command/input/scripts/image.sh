#!/bin/bash
set -euo pipefail
cd "$(dirname "$0")/.."

docker build --tag hello-build --file Dockerfile.build .
container=$(docker run --detach hello-build)
docker wait "$container"
docker cp "${container}:/src/out" .
docker rm "$container"
docker build --tag hello .
