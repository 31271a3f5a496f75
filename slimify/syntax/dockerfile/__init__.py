"""Dockerfile text, read as BuildKit reads it and written back byte for byte."""
