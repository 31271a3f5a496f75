"""Layouts for applications that run on Node.js."""
