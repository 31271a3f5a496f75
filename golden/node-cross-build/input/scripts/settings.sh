#!/bin/bash
set -e
mkdir -p /etc/flows
echo "zone=UTC" > /etc/flows/settings
