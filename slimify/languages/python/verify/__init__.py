"""Checks of built images that only Python needs."""
