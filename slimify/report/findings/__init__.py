"""Findings of `check` -> text and the formats of CI systems."""
