"""Programs that compile or watch while they serve, among those that an image starts."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analysis.program import Live
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


def dev_server(live: Live) -> tuple[str, Use] | None:
    """The first development server that is started (tool and word), and what starts it."""
    return next(((f"{tool} {word}".strip(), use) for tool, word, use in _started(live)), None)


def compiling_server(live: Live) -> str:
    """One that compiles the sources whenever the image runs; "" if there is none."""
    return next((f"{tool} {word}" for tool, word, _ in _started(live) if word and tool in _COMPILE), "")


def _started(live: Live) -> Iterator[tuple[str, str, Use]]:
    for effect, use in zip(live.start, live.origins, strict=True):
        words = f"{effect.tool} {' '.join(effect.tools)} {effect.action}".replace("/", " ").split()
        for tool, word in _SERVERS:
            if tool in words and (not word or word in words):
                yield tool, word, use
