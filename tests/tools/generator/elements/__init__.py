"""The pieces of generated projects; importing this registers all of them."""

from tools.generator.elements import builds, contents, installs, surroundings, tools, unusual

__all__ = ["builds", "contents", "installs", "surroundings", "tools", "unusual"]
