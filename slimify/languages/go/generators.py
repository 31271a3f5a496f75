"""Generators and dependency managers that leave nothing but Go sources, which the compiler reads."""

from __future__ import annotations

from slimify.model.effects import Effect

# What they write is compiled: sources, and the sources of dependencies below vendor/.
_TOOLS = frozenset(
    """dep easyjson ego ent esc ffjson fileb0x glide go-bindata go-bindata-assetfs godep gopm govendor gqlgen
    gvt mockery mockgen msgp oapi-codegen packr packr2 pkger qtc sqlc statik stringer templ vfsgen
    wire""".split()
)
# Set by the interpreter of protoc where every plugin that is called writes Go.
GO_ONLY = "leaves=go"


def leaves_sources(effect: Effect) -> bool:
    """All that a build step leaves is Go source."""
    return effect.kind == "build" and (effect.tool in _TOOLS or GO_ONLY in effect.settings)
