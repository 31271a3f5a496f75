#!/bin/bash
set -e
eval "$(ferryctl env)"
ferryctl build --into "$FERRY_PREFIX"
