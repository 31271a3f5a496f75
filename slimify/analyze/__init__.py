"""Why an image is big: which instruction brought each byte, which bytes are waste, and what would help."""
