"""Code generators and dependency managers that produce only Go sources, which the compiler reads."""

from __future__ import annotations

from slimify.languages.go import LANGUAGE
from slimify.model.effects import Effect

# The protoc handler adds this if every plugin that is called writes Go.
GO_ONLY = "leaves=go"


def generates_sources(effect: Effect) -> bool:
    """Whether a build step produces only Go sources."""
    tools = LANGUAGE.words("toolchain.toml", "generators", "tools")
    return effect.kind == "build" and (effect.tool in tools or GO_ONLY in effect.settings)


def is_generator(program: str) -> bool:
    """Whether a program of this name only makes Go sources, by itself or as a plugin of protoc (which finds
    `protoc-gen-NAME` for `--NAME_out`: protobuf.dev, protoc --help)."""
    plugin = program.removeprefix("protoc-gen-")
    known = "plugins" if plugin != program else "tools"
    return plugin in LANGUAGE.words("toolchain.toml", "generators", known)
