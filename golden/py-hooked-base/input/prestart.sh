#!/bin/sh
until curl --silent --fail http://catalogue:8080/ready; do
    sleep 1
done
