"""Start commands that compile or watch sources while they serve.

The rows are in the languages' facts/development-servers.toml.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from slimify.analysis.program import RuntimeNeeds
from slimify.facts import records
from slimify.languages import languages
from slimify.model.sources import Use


class _Server(Struct, frozen=True):
    tool: str
    word: str = ""  # argument that the command line has to contain, "" for any
    compiles: bool = False  # compiles sources, so any development dependency may be needed
    serves: bool = True

    @property
    def title(self) -> str:
        return f"{self.tool} {self.word}".strip()


def development_server(runtime_needs: RuntimeNeeds) -> tuple[str, Use] | None:
    """The first development server that is started (tool and argument), and what starts it; None if there is
    none."""
    started = _started_servers(runtime_needs)
    return next(((server.title, use) for server, use in started if server.serves), None)


def compiling_server(runtime_needs: RuntimeNeeds) -> str:
    """The started program that compiles the sources whenever the container starts; "" if there is none."""
    return next((server.title for server, _ in _started_servers(runtime_needs) if server.compiles), "")


def _started_servers(runtime_needs: RuntimeNeeds) -> Iterator[tuple[_Server, Use]]:
    for effect, use in zip(runtime_needs.start, runtime_needs.origins, strict=True):
        words = f"{effect.tool} {' '.join(effect.tools)} {effect.action}".replace("/", " ").split()
        for server in _servers():
            if server.tool in words and (not server.word or server.word in words):
                yield server, use


@cache
def _servers() -> tuple[_Server, ...]:
    tables = (known.facts("development-servers.toml") for known in languages())
    rows = (row for table in tables for row in table.get("servers", ()))
    return tuple(records(row, _Server) for row in rows)
