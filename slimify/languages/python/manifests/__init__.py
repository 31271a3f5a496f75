"""What a Python project declares."""
