"""Checks of built images for Python."""
