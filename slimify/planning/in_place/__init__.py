"""One stage, cleaned in place: for files that cannot be split, or must not be."""
