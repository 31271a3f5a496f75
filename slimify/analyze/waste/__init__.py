"""Finding what an image carries without need: a module for each kind, facts in facts/waste.toml."""
