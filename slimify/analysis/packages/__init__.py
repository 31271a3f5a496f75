"""System packages, one by one: needed for the build, at run time, or by nothing known."""
