"""What the go command and its wrappers do."""
