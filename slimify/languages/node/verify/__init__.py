"""Checks of built images that only Node.js needs."""
