"""package.json and lock files."""
