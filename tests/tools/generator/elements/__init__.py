"""The pieces of generated projects; importing this registers all of them."""

from tools.generator.elements import builds, contents, installs, starts, surroundings, tools, unusual

__all__ = ["builds", "contents", "installs", "starts", "surroundings", "tools", "unusual"]
