"""The stages of a plan: which instruction goes where."""
