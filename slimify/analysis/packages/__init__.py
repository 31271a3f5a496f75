"""System packages: which of them the build needs, which run time needs, and which nothing uses."""
