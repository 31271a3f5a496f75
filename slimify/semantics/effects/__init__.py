"""The effects of every command of a RUN: see `interpret`."""
