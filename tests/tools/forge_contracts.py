"""Compares tests/data/forges/NAME.toml with a published description of the API: OpenAPI 3 or Swagger 2.

    python tests/tools/forge_contracts.py github api.github.com.json
    python tests/tools/forge_contracts.py gitlab openapi_v2.yaml
    python tests/tools/forge_contracts.py gitea swagger.v1.json

Of requests: every call, parameter, field and alternative of ours is there and of that kind, and is demanded
there where it is demanded here. Of answers: every status and field of ours is there and of that kind, is null
or left out there only where it may be so here, and whatever is always sent there is in our answers too. What
a description does not say at all is not compared: those of Gitea and GitLab know neither null nor what is
always there. Lines that stand in `beyond` of the contract, with the reason, are not printed.

Descriptions are large and are no part of this repository: `npm pack @octokit/openapi` brings GitHub's,
gitlabhq/gitlabhq has GitLab's as doc/api/openapi/openapi_v2.yaml, an instance of Gitea or Forgejo its own at
/swagger.v1.json.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from forges.contract import Contract

Schema = dict[str, Any]
_NAMED = re.compile(r"\{\w+\}")


class Published:
    """The description, with references followed."""

    def __init__(self, path: Path) -> None:
        text = path.read_text("utf-8")
        reader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.document = json.loads(text) if text[:1] == "{" else yaml.load(text, reader)
        paths = self.document["paths"].items()
        self.paths = {_NAMED.sub("{}", name.removeprefix("/api/v4")): row for name, row in paths}
        # whether it says of anything in an answer that it is always there, or may be null
        self.says_needed = self.says_null = "openapi" in self.document

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

    def kinds(self, schema: Any) -> set[str]:
        """The types that it may be of; "null" where that is said."""
        found = {"null"} if self.followed(schema).get("nullable") else set()
        for option in self.variants(schema):
            kinds = option.get("type", "object" if "properties" in option else "any")
            found |= {kinds} if isinstance(kinds, str) else set(kinds)
            found |= {"null"} if option.get("nullable") else set()
        return {"integer" if kind == "number" else kind for kind in found}

    def alternatives(self, schema: Any) -> set[str]:
        return {str(item) for option in self.variants(schema) for item in option.get("enum", ())}

    def untyped(self, schema: Any) -> bool:
        """Whether it says nothing but "string": GitLab's generator says so of what it does not know."""
        return "swagger" in self.document and not self.followed(schema).keys() - {"type", "description"}

    def body(self, operation: Schema) -> Schema:
        for parameter in map(self.followed, operation.get("parameters", [])):
            if parameter.get("in") == "body":
                return self.followed(parameter["schema"])
        content = self.followed(operation.get("requestBody", {})).get("content", {})
        return self.followed(content.get("application/json", {}).get("schema", {}))

    def answer(self, response: Any) -> Schema | None:
        response = self.followed(response)
        content = response.get("content", {})
        found = content.get("application/json") or next(iter(content.values()), {}) or response
        return self.followed(found["schema"]) if "schema" in found else None


class Comparison:
    def __init__(self, contract: Contract, published: Published) -> None:
        self.ours, self.theirs = contract, published
        self._seen: set[tuple[str, int]] = set()

    def differences(self) -> Iterator[str]:
        for call, row in self.ours.calls.items():
            method, _, path = call.partition(" ")
            operation = self.theirs.paths.get(_NAMED.sub("{}", path), {}).get(method.lower())
            if operation is None:
                yield f"{call}: not published"
                continue
            yield from self._query(call, row.get("query", {}), operation)
            if "body" in row:
                yield from self._body(call, row["body"], self.theirs.body(operation))
            for status, kind in row["answers"].items():
                yield from self._answer(f"{call}: {status}", kind, operation["responses"].get(status))

    def _query(self, call: str, ours: dict[str, str], operation: Schema) -> Iterator[str]:
        theirs = {
            item.get("name"): item for item in map(self.theirs.followed, operation.get("parameters", []))
        }
        for name, kind in ours.items():
            if name in theirs:
                yield from self._sent(f"{call}: {name}", kind, theirs[name].get("schema", theirs[name]))
            else:
                yield f"{call}: no parameter {name}"
        needed = (n for n, item in theirs.items() if item.get("in") == "query" and item.get("required"))
        yield from (f"{call}: {name} is demanded" for name in needed if name not in ours)

    def _body(self, call: str, fields: dict[str, str], schema: Schema) -> Iterator[str]:
        options = list(self.theirs.variants(schema))
        demanded = set(options[0].get("required", ())) if len(options) == 1 else set()
        ours = {name[:-1] for name in fields if name.endswith("!")}
        yield from (f"{call}: {name} is demanded" for name in sorted(demanded - ours))
        yield from (f"{call}: {name} is not demanded" for name in sorted(ours - demanded))
        for name, kind in ((name.rstrip("!"), kind) for name, kind in fields.items()):
            found = [option["properties"][name] for option in options if name in option.get("properties", {})]
            if found:
                yield from self._sent(f"{call}: {name}", kind, found[0])
            else:
                yield f"{call}: no field {name} in the body"

    def _sent(self, where: str, kind: str, schema: Any) -> Iterator[str]:
        """Whether what we send is taken."""
        kinds = self.theirs.kinds(schema)
        if kind.startswith("["):
            lists = [option for option in self.theirs.variants(schema) if option.get("type") == "array"]
            yield from (
                self._sent(where, kind[1:-1], lists[0].get("items", {}))
                if lists
                else [f"{where}: no list is published"]
            )
        elif "any" not in kinds and _plain(kind) not in kinds:
            yield f"{where}: is {sorted(kinds)}, not {kind}"
        known = self.theirs.alternatives(schema)
        if known and kind != "string" and not kind.startswith("[") and not set(kind.split("|")) <= known:
            yield f"{where}: {kind} is not all of {sorted(known)}"

    def _answer(self, where: str, kind: str, response: Any) -> Iterator[str]:
        if response is None:
            yield f"{where} is not published"
            return
        schema = self.theirs.answer(response)
        if schema is None:  # a status of which no more is said
            return
        inner = kind.strip("[]")
        if kind.startswith("["):
            lists = [option for option in self.theirs.variants(schema) if option.get("type") == "array"]
            yield from [] if lists else [f"{where} is no list"]
            schema = lists[0]["items"] if lists else schema
        if inner in self.ours.types:
            yield from self._type(inner, schema)

    def _type(self, name: str, schema: Any) -> Iterator[str]:
        """The fields of an object, each type once for each schema that it stands for."""
        options = list(self.theirs.variants(schema))
        if (name, id(options[0])) in self._seen:
            return
        self._seen.add((name, id(options[0])))
        ours = self.ours.types[name]
        whole = [option for option in options if option.get("properties")]
        if self.theirs.says_needed and whole:
            needed = set(whole[0].get("required", ()))
            yield from (f"{name}.{field}: is always sent" for field in sorted(needed - ours.keys()))
            unsure = {field for field, (_, always) in ours.items() if always} - needed
            yield from (f"{name}.{field}: may be left out" for field in sorted(unsure))
        for field, (kind, _) in ours.items():
            found = [option["properties"][field] for option in whole if field in option["properties"]]
            yield from (
                self._field(f"{name}.{field}", kind, found[0]) if found else [f"{name}: no field {field}"]
            )

    def _field(self, where: str, kind: str, schema: Any) -> Iterator[str]:
        """Whether we understand whatever is sent."""
        theirs = self.theirs.kinds(schema)
        if self.theirs.untyped(schema):
            return
        if self.theirs.says_null and ("null" in theirs) != kind.endswith("?") and kind != "any":
            yield f"{where}: may {'' if 'null' in theirs else 'not '}be null"
        kind = kind.rstrip("?")
        if kind.startswith("["):
            lists = [option for option in self.theirs.variants(schema) if option.get("type") == "array"]
            yield from (
                self._field(where, kind[1:-1], lists[0]["items"]) if lists else [f"{where}: is no list"]
            )
        elif kind in self.ours.types:
            yield from self._type(kind, schema)
        elif kind != "any" and theirs - {"null", "any"} != {_plain(kind)}:
            yield f"{where}: is {sorted(theirs)}, not {kind}"
        known = self.theirs.alternatives(schema)
        if known and kind not in ("string", "any") and set(kind.split("|")) != known:
            yield f"{where}: is one of {sorted(known)}"


def _plain(kind: str) -> str:
    return kind if kind in ("integer", "boolean", "object", "string") else "string"


def main(name: str, path: str) -> int:
    contract = Contract(name)
    lines = list(dict.fromkeys(Comparison(contract, Published(Path(path))).differences()))
    found = [line for line in lines if line not in contract.beyond]
    sys.stdout.write("".join(f"{line}\n" for line in found) or "no difference\n")
    sys.stdout.write("".join(f"(no longer: {line})\n" for line in contract.beyond if line not in lines))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
