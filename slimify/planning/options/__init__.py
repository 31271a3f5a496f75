"""Changes to a plan that the user asks for."""
