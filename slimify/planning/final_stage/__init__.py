"""The content of the final stage."""
