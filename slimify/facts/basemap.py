"""Maps known base images to the user's names for them, such as company mirrors, and back.

A row maps a known reference to the user's. `*` stands for the same text on both sides:

    "docker.io/library/*" = "registry.example/hub/*"
    "gcr.io/distroless/static-debian12" = "corp/static:12"

A side without a tag matches every tag, which is kept. If only the user's side has a tag, the row matches the
known image without a tag (or `latest`). Of several matching rows, the one with the most literal text wins.
Names are compared in Docker's full form (`golang` is `docker.io/library/golang`,
https://docs.docker.com/reference/cli/docker/image/tag/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from slimify.model.globs import finding

_HUB, _LIBRARY = "docker.io/", "library/"
_STAR = "([^:@]+?)"


class BaseMap(Struct, frozen=True):
    """The rows from the settings."""

    rows: Mapping[str, str] = field(default_factory=dict)

    def known(self, reference: str) -> str:
        """The known reference for the user's `reference`; itself if no row matches or rows disagree."""
        found = [(_weight(own), made) for own, made in self._matched(reference, backwards=True)]
        best = {made for weight, made in found if weight == max(w for w, _ in found)}
        return _short(best.pop()) if len(best) == 1 else reference

    def own(self, reference: str) -> str:
        """The user's reference for a known one; itself if no row matches, or if it is the user's already."""
        if self.known(reference) != reference:
            return reference
        found = [(_weight(theirs), made) for theirs, made in self._matched(reference, backwards=False)]
        return max(found)[1] if found else reference

    def _matched(self, reference: str, *, backwards: bool) -> Iterator[tuple[str, str]]:
        """(matching side, other side with `*` filled in) of every row that matches the reference."""
        if reference == "scratch" or "$" in split_name(reference)[0]:
            return
        for theirs, own in self.rows.items():
            source, target = (own, theirs) if backwards else (theirs, own)
            made = _translated(reference, source, target)
            if made is not None:
                yield source, made


def _translated(reference: str, source: str, target: str) -> str | None:
    """`reference` mapped by the rule `source -> target`; None if the rule does not match."""
    name, rest = split_name(reference)
    source_name, source_rest = split_name(source)
    target_rest = split_name(target)[1]
    matched = _match(full_name(source_name), full_name(name))
    if matched is None:
        return None
    tag, at, digest = rest.partition("@")
    if source_rest:
        tagged = _match(source_rest, tag)
        if tagged is None:
            return None
        filled = _fill_stars(target, (*matched, *tagged))
        return filled if target_rest else _fill_stars(target, matched)
    if not target_rest:
        return _fill_stars(target, matched) + tag + at + digest
    return _fill_stars(target, matched) if tag in ("", ":latest") else None


def _match(pattern: str, text: str) -> tuple[str, ...] | None:
    found = re.fullmatch(finding(pattern, _STAR), text)
    return found.groups() if found else None


def _fill_stars(pattern: str, values: tuple[str, ...]) -> str:
    first, *others = pattern.split("*")
    return first + "".join(value + part for value, part in zip(values, others, strict=False))


def _weight(pattern: str) -> int:
    return len(full_name(pattern).replace("*", ""))


def split_name(reference: str) -> tuple[str, str]:
    """The name of a reference, and its tag or digest with the separator."""
    last = reference.partition("@")[0].rfind("/") + 1
    found = re.search("[:@]", reference[last:])
    at = last + found.start() if found else len(reference)
    return reference[:at], reference[at:]


def full_name(name: str) -> str:
    """A name with its registry. The part before the first slash is a registry if it contains a dot or a port,
    or is `localhost`."""
    head, slash, rest = name.partition("/")
    if not slash:
        return f"{_HUB}{_LIBRARY}{name}"
    if head == "docker.io" and "/" not in rest and "*" not in rest:
        return f"{_HUB}{_LIBRARY}{rest}"
    return name if "." in head or ":" in head or head == "localhost" else _HUB + name


def _short(reference: str) -> str:
    """A reference without the default registry and namespace."""
    return reference.removeprefix(_HUB).removeprefix(_LIBRARY) if reference.startswith(_HUB) else reference
