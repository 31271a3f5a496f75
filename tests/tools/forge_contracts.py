"""Compares tests/data/forges/NAME.toml with a published description of the API: OpenAPI 3 or Swagger 2.

    python tests/tools/forge_contracts.py github api.github.com.json

Every call, parameter, field and status of ours has to be there, with the type that we say, and every field
that is required there has to be marked so here. Descriptions are large and are not part of this repository:
`npm pack @octokit/openapi` brings GitHub's, an instance of Gitea has its own at /swagger.v1.json.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from forges.contract import Contract

Schema = dict[str, Any]


class Published:
    """The description, with references followed."""

    def __init__(self, path: Path) -> None:
        self.document = json.loads(path.read_text("utf-8"))
        self.paths = {re.sub(r"\{\w+\}", "{}", name): row for name, row in self.document["paths"].items()}

    def followed(self, schema: Any) -> Schema:
        while isinstance(schema, dict) and "$ref" in schema:
            found: Any = self.document
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        return schema if isinstance(schema, dict) else {}

    def variants(self, schema: Any) -> Iterator[Schema]:
        """The schema, or each of those that it may be."""
        schema = self.followed(schema)
        several = [item for key in ("oneOf", "anyOf", "allOf") for item in schema.get(key, [])]
        if not several or "properties" in schema:
            yield schema
        for item in several:
            yield from self.variants(item)

    def body(self, operation: Schema) -> Schema:
        for parameter in map(self.followed, operation.get("parameters", [])):
            if parameter.get("in") == "body":
                return self.followed(parameter["schema"])
        content = self.followed(operation.get("requestBody", {})).get("content", {})
        return self.followed(content.get("application/json", {}).get("schema", {}))

    def answer(self, response: Any) -> Schema:
        response = self.followed(response)
        content = response.get("content", {})
        found = content.get("application/json") or next(iter(content.values()), {}) or response
        return self.followed(found.get("schema", {}))


def differences(contract: Contract, published: Published) -> Iterator[str]:
    for call, row in contract.calls.items():
        method, _, path = call.partition(" ")
        operation = published.paths.get(re.sub(r"\{\w+\}", "{}", path), {}).get(method.lower())
        if operation is None:
            yield f"{call}: not published"
            continue
        known = {published.followed(item).get("name") for item in operation.get("parameters", [])}
        yield from (f"{call}: no parameter {name}" for name in row.get("query", []) if name not in known)
        if "body" in row:
            yield from _body(contract, published, call, row["body"], published.body(operation))
        for status, kind in row["answers"].items():
            response = operation["responses"].get(status)
            if response is None:
                yield f"{call}: {status} is not published"
            elif kind != "error":
                yield from _fits(contract, published, kind, published.answer(response), f"{call}: {status}")


def _body(
    contract: Contract, published: Published, call: str, fields: dict[str, str], schema: Schema
) -> Iterator[str]:
    found = list(published.variants(schema))
    required = set().union(*(item.get("required", []) for item in found)) if len(found) == 1 else set()
    yield from (f"{call}: {name} is required" for name in required if f"{name}!" not in fields)
    for name, kind in fields.items():
        options = [
            item["properties"][name.rstrip("!")]
            for item in found
            if name.rstrip("!") in item.get("properties", {})
        ]
        if not options:
            yield f"{call}: no field {name} in the body"
        else:
            yield from _fits(contract, published, kind, options[0], f"{call}: {name}")


def _fits(contract: Contract, published: Published, kind: str, schema: Any, where: str) -> Iterator[str]:
    options = list(published.variants(schema))
    plain = kind.rstrip("?")
    types = {option.get("type") for option in options}
    if plain == "any":
        return
    if plain.startswith("["):
        lists = [option for option in options if option.get("type") == "array"]
        if not lists:
            yield f"{where}: no list is published"
        else:
            yield from _fits(contract, published, plain[1:-1], lists[0]["items"], where)
    elif plain in contract.types:
        for name, inner in contract.types[plain].items():
            found = [option["properties"][name] for option in options if name in option.get("properties", {})]
            if not found:
                yield f"{where}: no field {name}"
            elif inner.rstrip("?") != plain:  # a repository within a repository
                yield from _fits(contract, published, inner, found[0], f"{where}.{name}")
    elif ("string" if "|" in plain else plain) not in types:
        yield f"{where}: is {types}, not {plain}"


def main(name: str, path: str) -> int:
    found = list(differences(Contract(name), Published(Path(path))))
    sys.stdout.write("".join(f"{line}\n" for line in found) or "no difference\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
