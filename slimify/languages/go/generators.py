"""Code generators and dependency managers that produce only Go sources, which the compiler reads."""

from __future__ import annotations

from slimify.model.effects import Effect

# They write sources, and the sources of dependencies below vendor/.
_TOOLS = frozenset(
    """dep easyjson ego ent esc ffjson fileb0x glide go-bindata go-bindata-assetfs godep gopm govendor gqlgen
    gvt mockery mockgen msgp oapi-codegen packr packr2 pkger qtc sqlc statik stringer templ vfsgen
    wire""".split()
)
# The protoc handler adds this if every plugin that is called writes Go.
GO_ONLY = "leaves=go"


def generates_sources(effect: Effect) -> bool:
    """Whether a build step produces only Go sources."""
    return effect.kind == "build" and (effect.tool in _TOOLS or GO_ONLY in effect.settings)
