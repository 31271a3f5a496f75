"""Plan changes that the user requests by an option or setting."""
