"""Reports for people and programs. These modules return text; only `cli` prints it."""
