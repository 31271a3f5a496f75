"""What JavaScript and TypeScript sources need at run time."""
