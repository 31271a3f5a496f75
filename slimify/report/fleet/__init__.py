"""Reports of `scan`: text and an HTML page."""
