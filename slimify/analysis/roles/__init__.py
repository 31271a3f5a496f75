"""In which stage each step is executed, and what has to be copied from the builder."""
