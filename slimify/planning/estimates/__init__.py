"""The expected saving of a rewrite."""
