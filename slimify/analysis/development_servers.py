"""Programs that compile or watch while they serve, among those that an image starts.

The rows are in the languages' facts/development-servers.toml.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from slimify.analysis.program import RuntimeNeeds
from slimify.languages import languages
from slimify.model.sources import Use


class _Server(Struct, frozen=True):
    tool: str
    word: str  # that its command line has then, "" for any
    compiles: bool  # the sources: any development dependency may be part of it

    @property
    def title(self) -> str:
        return f"{self.tool} {self.word}".strip()


def development_server(runtime_needs: RuntimeNeeds) -> tuple[str, Use] | None:
    """The first development server that is started (tool and word), and what starts it."""
    return next(((server.title, use) for server, use in _started(runtime_needs)), None)


def compiling_server(runtime_needs: RuntimeNeeds) -> str:
    """One that compiles the sources whenever the image runs; "" if there is none."""
    return next((server.title for server, _ in _started(runtime_needs) if server.compiles), "")


def _started(runtime_needs: RuntimeNeeds) -> Iterator[tuple[_Server, Use]]:
    for effect, use in zip(runtime_needs.start, runtime_needs.origins, strict=True):
        words = f"{effect.tool} {' '.join(effect.tools)} {effect.action}".replace("/", " ").split()
        for server in _servers():
            if server.tool in words and (not server.word or server.word in words):
                yield server, use


@cache
def _servers() -> tuple[_Server, ...]:
    tables = (known.facts("development-servers.toml") for known in languages())
    rows = (row for table in tables for row in table.get("servers", ()))
    return tuple(_Server(row["tool"], row.get("word", ""), row.get("compiles", False)) for row in rows)
