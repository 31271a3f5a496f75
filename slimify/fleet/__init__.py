"""Scans many repositories in parallel: one row per Dockerfile, resumable."""
