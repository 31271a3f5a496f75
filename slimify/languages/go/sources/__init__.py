"""What Go sources import, embed and need at run time."""
