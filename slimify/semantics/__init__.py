"""What instructions and shell commands do to the file system and the state of an image."""
