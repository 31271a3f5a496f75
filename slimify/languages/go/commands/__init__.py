"""The effects of the go command and its wrappers."""
