"""What Node's package managers and tools do."""
