"""Branches, commits and pull requests that propose rewritten Dockerfiles to the owners of the files."""
