"""Dockerfile text and shell text, read without losing a byte."""
