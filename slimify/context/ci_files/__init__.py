"""Finds and edits the steps of CI files that build an image."""
