#!/bin/bash -l
exec bun index.ts
