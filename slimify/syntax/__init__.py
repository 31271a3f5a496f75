"""Lossless parsers for Dockerfiles and shell scripts."""
