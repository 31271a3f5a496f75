"""Where each step has to be executed."""
