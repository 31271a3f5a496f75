"""What a forge's API takes and gives, from tests/data/forges/NAME.toml: whether a call keeps to it, and what
else belongs to an answer.

A kind is `string`, `integer`, `boolean`, `object` (whatever is in it), `any`, the name of another one in
`[types]`, alternatives of a string (`open|closed`), a list (`[string]`), or one of these with `?` for null.

A request has `query`, parameters and their kinds, and `body`, fields and their kinds, `!` behind those that
have to be there. A type has its fields by their kind, `?` behind those that may be left out. There are no
others: what a test server says beyond them, nobody has compared with the published description.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data" / "forges"
_PLAIN = {"string": str, "integer": int, "boolean": bool, "object": dict}
_VALUES = {"string": "x", "integer": 1, "boolean": False, "object": {}, "any": "x"}


class Contract:
    def __init__(self, name: str) -> None:
        document = tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))
        self.calls: dict[str, dict[str, Any]] = document["calls"]
        self.beyond: list[str] = document.get("beyond", [])
        self.types = {name: dict(_fields(table)) for name, table in document["types"].items()}

    def find(self, method: str, path: str) -> str | None:
        """The call that a path is meant for."""
        for call in self.calls:
            verb, _, pattern = call.partition(" ")
            if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
                return call
        return None

    def asked(self, call: str, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """What is wrong with a request."""
        known = self.calls[call].get("query", {})
        for name, text in query.items():
            value = int(text) if known.get(name) == "integer" and text.isdigit() else text
            value = {"true": True, "false": False}.get(text, text) if known.get(name) == "boolean" else value
            yield from (
                self.fits(value, known[name], f"{call}: {name}")
                if name in known
                else [f"{call}: no parameter {name}"]
            )
        yield from self._sent(call, self.calls[call].get("body"), body)

    def _sent(self, call: str, fields: dict[str, str] | None, body: Any) -> Iterator[str]:
        if fields is None:
            yield from [] if body is None else [f"{call}: takes no body"]
            return
        if not isinstance(body, dict):
            yield f"{call}: the body is no object"
            return
        kinds = {name.rstrip("!"): kind for name, kind in fields.items()}
        needed = {name[:-1] for name in fields if name.endswith("!")}
        yield from (f"{call}: no field {name}" for name in body.keys() - kinds.keys())
        yield from (f"{call}: {name} is missing" for name in needed - body.keys())
        for name in body.keys() & kinds.keys():
            yield from self.fits(body[name], kinds[name], f"{call}: {name}")

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
            yield from self._object(value, kind, where)
        elif kind not in _PLAIN:
            if value not in kind.split("|"):
                yield f"{where}: {value!r} is none of {kind}"
        elif type(value) is not _PLAIN[kind]:
            yield f"{where}: {value!r} is no {kind}"

    def _object(self, value: Any, kind: str, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is no {kind}"
            return
        fields = self.types[kind]
        yield from (f"{where}: {kind} has no {name}" for name in value if name not in fields)
        for name, (inner, needed) in fields.items():
            if name in value:
                yield from self.fits(value[name], inner, f"{where}.{name}")
            elif needed:
                yield f"{where}: {kind} without {name}"

    def whole(self, call: str, status: int, content: Any) -> Any:
        """An answer with all that the forge sends. What nobody said is null, or left out, where that may be:
        who takes it for granted shall notice."""
        kind = self.calls[call]["answers"].get(str(status))
        return content if kind is None else self._filled(kind, content)

    def _filled(self, kind: str, value: Any) -> Any:
        kind = kind.rstrip("?") if value is not None else kind
        if value is None or kind.endswith("?"):
            return None
        if kind.startswith("["):
            return [self._filled(kind[1:-1], item) for item in value]
        if kind not in self.types or not isinstance(value, dict):
            return value
        fields = self.types[kind]
        said = {name: self._filled(fields[name][0], v) if name in fields else v for name, v in value.items()}
        return {n: self._default(k) for n, (k, needed) in fields.items() if needed} | said

    def _default(self, kind: str) -> Any:
        if kind.endswith("?"):
            return None
        if kind.startswith("["):
            return []
        if kind in self.types:
            return self._filled(kind, {})
        return _VALUES.get(kind, kind.split("|")[0])


def _fields(table: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, bool]]]:
    """The fields of a type: kind, and whether it has to be there."""
    for kind, names in table.items():
        yield from ((name.rstrip("?"), (kind, not name.endswith("?"))) for name in names.split())
