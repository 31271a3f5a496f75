"""The stages of a plan: which step goes where."""
