#!/bin/sh
set -e
chown -R ledger:ledger ../
exec gosu ledger python3 manage.py
