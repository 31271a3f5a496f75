"""What a rewrite is expected to save."""
