"""Cleaning a single stage in place, for files that cannot or must not be split."""
