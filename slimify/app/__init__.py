"""The use cases behind the commands and the public library."""
