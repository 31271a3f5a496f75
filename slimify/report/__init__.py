"""Outcome → what people and programs read. Everything here returns text; only `cli` prints it."""
