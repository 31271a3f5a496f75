"""Finds the commands of a Makefile target without running make."""
