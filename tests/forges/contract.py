"""What a forge's API takes and gives, from tests/data/forges/NAME.toml, and whether a call keeps to it.

A type is `string`, `integer`, `boolean`, `any`, the name of another in `[types]`, alternatives of a string
(`open|closed`), a list (`[string]`), or one of these with `?` for null. `!` behind a field of a body says
that it has to be there. Fields of answers have to be there, and there are no others: what a test server says
beyond them, nobody has compared with the published description.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data" / "forges"
_PLAIN = {"string": str, "integer": int, "boolean": bool}


class Contract:
    def __init__(self, name: str) -> None:
        document = tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))
        self.calls: dict[str, dict[str, Any]] = document["calls"]
        self.types: dict[str, dict[str, str]] = document["types"]

    def find(self, method: str, path: str) -> str | None:
        """The call that a path is meant for."""
        for call in self.calls:
            verb, _, pattern = call.partition(" ")
            if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
                return call
        return None

    def asked(self, call: str, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """What is wrong with a request."""
        row = self.calls[call]
        yield from (f"{call}: no parameter {name}" for name in query if name not in row.get("query", []))
        fields = row.get("body")
        if fields is None:
            if body is not None:
                yield f"{call}: takes no body"
            return
        known = {name.rstrip("!"): kind for name, kind in fields.items()}
        if not isinstance(body, dict):
            yield f"{call}: the body is no object"
            return
        yield from (f"{call}: no field {name}" for name in body if name not in known)
        yield from (
            f"{call}: {name[:-1]} is missing"
            for name in fields
            if name.endswith("!") and name[:-1] not in body
        )
        for name in body.keys() & known.keys():
            yield from self.fits(body[name], known[name], f"{call}: {name}")

    def answered(self, call: str, status: int, content: Any) -> Iterator[str]:
        """What is wrong with an answer."""
        kinds = self.calls[call]["answers"]
        if status in (401, 429) or status >= 500:  # any call may be answered so
            return
        if str(status) not in kinds:
            yield f"{call}: never answers {status}"
        else:
            yield from self.fits(content, kinds[str(status)], f"{call}: {status}")

    def fits(self, value: Any, kind: str, where: str) -> Iterator[str]:
        if kind.endswith("?"):
            if value is None:
                return
            kind = kind[:-1]
        if kind == "any":
            return
        if kind.startswith("["):
            if not isinstance(value, list):
                yield f"{where}: {value!r} is no list"
                return
            for item in value:
                yield from self.fits(item, kind[1:-1], where)
        elif kind in self.types:
            fields = self.types[kind]
            if not isinstance(value, dict) or value.keys() != fields.keys():
                yield f"{where}: {value!r} is no {kind}"
                return
            for name, inner in fields.items():
                yield from self.fits(value[name], inner, f"{where}.{name}")
        elif "|" in kind:
            if value not in kind.split("|"):
                yield f"{where}: {value!r} is none of {kind}"
        elif type(value) is not _PLAIN[kind]:
            yield f"{where}: {value!r} is no {kind}"
