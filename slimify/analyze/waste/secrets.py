"""Finds keys, tokens and credentials in layers and in the history. A finding never contains the value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from slimify.analyze.image_inputs import FindingText, ImageInputs, StoredFile, WasteFinding, waste_finding
from slimify.analyze.layers import readable_instruction
from slimify.analyze.model import Waste
from slimify.analyze.secret_values import is_secret, mask_secrets
from slimify.facts import merged
from slimify.image.layout import strings
from slimify.model.regex import regex
from slimify.syntax.dockerfile.history import keyword_of

MAX_BYTES = 1024 * 1024  # bytes of a file that are searched
NEVER = r"(?!)"
_ARGS = regex(r"^(?:RUN )?\|\d+ (.*?) /\S*sh ", re.DOTALL)
_PAIR = regex(r"""(?:^|\s)([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S*)""")


class _Rule(NamedTuple):
    name: str
    endings: tuple[str, ...]
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
            endings=tuple(row["endings"].split()),
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
    return bool(_rules_for(path))


def _rules_for(path: str) -> Sequence[_Rule]:
    if not path.endswith(_endings()):
        return ()
    return [rule for rule in _rules() if rule.path.search(path) and not rule.without.search(path)]


@cache
def _endings() -> tuple[str, ...]:
    """Most files have none of them, which is known sooner than that no pattern matches."""
    return tuple(dict.fromkeys(ending for rule in _rules() for ending in rule.endings))


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """Secrets in visible files, in files that a later layer hides, and in ENV and ARG."""
    for item in inputs.stored:
        if rule := _matching(inputs, item, visible=True):
            yield _finding(inputs, item, rule, "SL740", "anyone who has the image can read it")
    for lost in inputs.files.hidden:
        item = StoredFile(lost.entry, lost.layer)
        if lost.layer != lost.by and (rule := _matching(inputs, item, visible=False)):
            hidden = (
                f"layer {lost.by + 1} hides it, but the layer that contains it is still part of the image"
            )
            yield _finding(inputs, item, rule, "SL741", hidden)
    yield from _history_secrets(inputs)


def _matching(inputs: ImageInputs, item: StoredFile, *, visible: bool) -> _Rule | None:
    """The first rule that matches a file's path and content, or its name if the content is unknown."""
    rules = _rules_for(item.path) if item.size else ()
    image = inputs.image
    for rule in rules:
        data = image.contents.get(item.path) if visible else image.hidden.get((item.path, item.layer))
        if data is not None and rule.content.pattern != NEVER:
            if rule.content.search(data[:MAX_BYTES].decode("utf-8", "replace")):
                return rule
        elif rule.names.search(item.path):
            return rule
    return None


def _finding(inputs: ImageInputs, item: StoredFile, rule: _Rule, code: str, why: str) -> WasteFinding:
    return waste_finding(
        inputs,
        [item],
        item.path,
        FindingText(
            code=code,
            kind="secret",
            text=f"{rule.name[0].upper()}{rule.name[1:]}: {why}.",
            remedy=rule.remedy,
        ),
        bytes_each=[0],
    )


def _history_secrets(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """Secret variables, at their first occurrence, and RUN instructions that contain a secret."""
    seen: set[str] = set()
    last = 0
    for step in inputs.image.history:
        last = step.layer if step.layer is not None else last
        line = inputs.origin.line_of(step)
        for name, text in _variables_of(step.created_by):
            if is_secret(name, text) and name not in seen:
                seen.add(name)
                yield _variable_finding(inputs, name, last, line)
        text = readable_instruction(step.created_by, plain=True)
        if keyword_of(step.created_by) == "RUN" and mask_secrets(text) != text:
            yield _variable_finding(inputs, "RUN", last, line)
    for item in strings(inputs.image.config.get("Env")):
        name, _, text = item.partition("=")
        if name not in seen and is_secret(name, text):
            seen.add(name)
            yield _variable_finding(inputs, name, max(len(inputs.image.layers) - 1, 0), None)


def _variables_of(created_by: str) -> Iterator[tuple[str, str]]:
    """The variables of a history entry with their values: ENV, ARG, and build arguments of RUN."""
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


def _variable_finding(inputs: ImageInputs, name: str, layer: int, line: int | None) -> WasteFinding:
    what = (
        "A command contains what looks like a secret"
        if name == "RUN"
        else f"{name} is set to what looks like a secret"
    )
    text = f"{what}: the image's history shows it to anyone who has the image."
    return WasteFinding(
        waste=Waste(
            code="SL742",
            kind="secret",
            bytes=0,
            path=name,
            layer=layer,
            line=line,
            base=line is None and inputs.is_base(layer),
            text=text,
            remedy="pass it with RUN --mount=type=secret or at run time, and replace the secret",
        )
    )
