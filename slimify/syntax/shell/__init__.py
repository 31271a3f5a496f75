"""Parses shell scripts of RUN instructions and edits them without reformatting."""
