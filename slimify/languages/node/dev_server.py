"""Programs that compile or watch while they serve, among those that an image starts."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analysis.program import RuntimeNeeds
from slimify.model.sources import Use

# A tool, and a word its command line has then ("" for any).
_SERVERS = (
    ("next", "dev"), ("vite", ""), ("webpack-dev-server", ""), ("webpack", "serve"), ("ng", "serve"),
    ("react-scripts", "start"), ("nodemon", ""), ("ts-node-dev", ""), ("tsnd", ""),
    ("vue-cli-service", "serve"), ("gatsby", "develop"), ("nuxt", "dev"), ("parcel", ""),
    ("manage.py", "runserver"), ("django-admin", "runserver"),
)  # fmt: skip
# Those that compile the sources, so that any development dependency may be part of it.
_COMPILE = frozenset({"next", "webpack", "ng", "react-scripts", "vue-cli-service", "gatsby", "nuxt"})


def dev_server(runtime_needs: RuntimeNeeds) -> tuple[str, Use] | None:
    """The first development server that is started (tool and word), and what starts it."""
    return next(((f"{tool} {word}".strip(), use) for tool, word, use in _started(runtime_needs)), None)


def compiling_server(runtime_needs: RuntimeNeeds) -> str:
    """One that compiles the sources whenever the image runs; "" if there is none."""
    return next(
        (f"{tool} {word}" for tool, word, _ in _started(runtime_needs) if word and tool in _COMPILE), ""
    )


def _started(runtime_needs: RuntimeNeeds) -> Iterator[tuple[str, str, Use]]:
    for effect, use in zip(runtime_needs.start, runtime_needs.origins, strict=True):
        words = f"{effect.tool} {' '.join(effect.tools)} {effect.action}".replace("/", " ").split()
        for tool, word in _SERVERS:
            if tool in words and (not word or word in words):
                yield tool, word, use
