"""The declarations of a Python project."""
