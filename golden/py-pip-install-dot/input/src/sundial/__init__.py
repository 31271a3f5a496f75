"""Tells the hour by its name."""
