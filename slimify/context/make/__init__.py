"""Makefiles: which commands a target runs, found without running anything."""
