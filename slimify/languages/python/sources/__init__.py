"""What Python sources need at run time."""
