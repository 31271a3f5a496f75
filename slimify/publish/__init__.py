"""Branches, commits and requests for review: what came of rewriting, offered to those who own the files."""
