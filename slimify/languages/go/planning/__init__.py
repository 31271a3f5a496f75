"""Layouts for programs written in Go."""
