"""Reads the build context: its files, manifests, scripts and the runtime needs of its sources."""
