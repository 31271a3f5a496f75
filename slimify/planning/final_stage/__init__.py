"""What the final stage consists of."""
