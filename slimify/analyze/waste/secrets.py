"""Keys, tokens and credentials in layers and in the history. What they are is never part of a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from slimify.analyze.image_inputs import Description, Found, Sight, Stored, finding
from slimify.analyze.layers import cleaned
from slimify.analyze.masks import is_secret, masked
from slimify.analyze.model import Waste
from slimify.facts import merged
from slimify.image.layout import strings
from slimify.syntax.dockerfile.history import keyword_of

LOOKED = 1024 * 1024  # bytes of a file that are searched
NEVER = r"(?!)"
_ARGS = re.compile(r"^(?:RUN )?\|\d+ (.*?) /\S*sh ", re.DOTALL)
_PAIR = re.compile(r"""(?:^|\s)([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S*)""")


class _Rule(NamedTuple):
    name: str
    path: re.Pattern[str]
    content: re.Pattern[str]
    names: re.Pattern[str]
    without: re.Pattern[str]
    remedy: str


@cache
def _rules() -> tuple[_Rule, ...]:
    def compiled(row: dict[str, Any], key: str) -> re.Pattern[str]:
        return re.compile(row.get(key) or NEVER, re.MULTILINE)

    return tuple(
        _Rule(
            name=row["name"],
            path=compiled(row, "path"),
            content=compiled(row, "content"),
            names=compiled(row, "names"),
            without=compiled(row, "without"),
            remedy=row["remedy"],
        )
        for row in merged("waste.toml")["secrets"]
    )


def is_suspect(path: str) -> bool:
    """Whether a file may hold a secret; for the `keep` of a reader."""
    return any(rule.path.search(path) and not rule.without.search(path) for rule in _rules())


def find(sight: Sight) -> Iterator[Found]:
    """Secrets that a container sees, those that a later layer hides, and those of ENV and ARG."""
    for item in sight.stored:
        if rule := _matching(sight, item, visible=True):
            yield _finding(sight, item, rule, "SL740", "anyone who has the image can read it")
    for lost in sight.files.hidden:
        item = Stored(lost.entry.path, lost.layer, lost.entry.size)
        if lost.layer != lost.by and (rule := _matching(sight, item, visible=False)):
            hidden = f"layer {lost.by + 1} hides it, but the layer that has it is still part of the image"
            yield _finding(sight, item, rule, "SL741", hidden)
    yield from _of_history(sight)


def _matching(sight: Sight, item: Stored, *, visible: bool) -> _Rule | None:
    """The first rule that a file's path and content fit; where only its name is known, one that it tells."""
    if not item.size:
        return None
    image = sight.image
    data = image.contents.get(item.path) if visible else image.hidden.get((item.path, item.layer))
    for rule in _rules():
        if not rule.path.search(item.path) or rule.without.search(item.path):
            continue
        if data is not None and rule.content.pattern != NEVER:
            if rule.content.search(data[:LOOKED].decode("utf-8", "replace")):
                return rule
        elif rule.names.search(item.path):
            return rule
    return None


def _finding(sight: Sight, item: Stored, rule: _Rule, code: str, why: str) -> Found:
    return finding(
        sight,
        [item],
        item.path,
        Description(
            code=code,
            kind="secret",
            text=f"{rule.name[0].upper()}{rule.name[1:]}: {why}.",
            remedy=rule.remedy,
        ),
        bytes_each=[0],
    )


def _of_history(sight: Sight) -> Iterator[Found]:
    """Each variable once, where it is set first, and instructions with a secret in their text."""
    seen: set[str] = set()
    last = 0
    for step in sight.image.history:
        last = step.layer if step.layer is not None else last
        line = sight.origin.line_of(step)
        for name, text in _pairs(step.created_by):
            if is_secret(name, text) and name not in seen:
                seen.add(name)
                yield _variable(sight, name, last, line)
        text = cleaned(step.created_by, plain=True)
        if keyword_of(step.created_by) == "RUN" and masked(text) != text:
            yield _variable(sight, "RUN", last, line)
    for item in strings(sight.image.config.get("Env")):
        name, _, text = item.partition("=")
        if name not in seen and is_secret(name, text):
            seen.add(name)
            yield _variable(sight, name, max(len(sight.image.layers) - 1, 0), None)


def _pairs(created_by: str) -> Iterator[tuple[str, str]]:
    """Variables that an entry of history sets, with their values: ENV, ARG, and the arguments of a RUN."""
    keyword = keyword_of(created_by)
    if keyword in ("ENV", "ARG"):
        text = created_by[created_by.index(keyword) + len(keyword) :].strip()
        pairs = _PAIR.findall(text)
        if not pairs and " " in text:
            pairs = [tuple(text.split(None, 1))]  # ENV NAME VALUE
    else:
        args = _ARGS.match(created_by)
        pairs = _PAIR.findall(args[1]) if args else []
    for name, value in pairs:
        yield name, value.strip("\"'")


def _variable(sight: Sight, name: str, layer: int, line: int | None) -> Found:
    what = (
        "A command has a secret in its text"
        if name == "RUN"
        else f"{name} is set to what looks like a secret"
    )
    text = f"{what}: the image's history shows it to anyone who has the image."
    return Found(
        waste=Waste(
            code="SL742",
            kind="secret",
            bytes=0,
            path=name,
            layer=layer,
            line=line,
            base=line is None and sight.is_base(layer),
            text=text,
            remedy="RUN --mount=type=secret to build, the platform's secrets to run; change it",
        )
    )
