"""Rows of many repositories -> text and an HTML page."""
