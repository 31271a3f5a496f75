"""Checks of built images for Node.js."""
