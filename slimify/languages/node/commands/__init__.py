"""The effects of Node's package managers and tools."""
