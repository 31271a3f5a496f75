"""The effects of Python's installers and tools."""
