"""Analysis -> text, JSON and an HTML page."""
