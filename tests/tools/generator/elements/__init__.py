"""The pieces of generated projects; importing this registers all of them."""

from tools.generator.elements import builds, contents, installs, surroundings, tools

__all__ = ["builds", "contents", "installs", "surroundings", "tools"]
