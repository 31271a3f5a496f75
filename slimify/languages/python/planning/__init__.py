"""Layouts for applications that run on Python."""
