"""What Python's installers and tools do."""
