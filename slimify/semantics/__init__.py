"""What Dockerfile instructions and shell commands do to the file system and state of an image."""
