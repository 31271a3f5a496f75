"""Findings of `check`: Dockerfiles whose image could be smaller, with location and fingerprint."""
