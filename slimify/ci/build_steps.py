"""Finds the step of a CI file that builds a Dockerfile, and adds missing settings to it.

Edits are made at the positions of YAML nodes, so all other bytes are kept.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from slimify.context.yaml_nodes import data, document, get, items, pairs, string
from slimify.model.decisions import Reason

KANIKO, DOCKER = "gcr.io/kaniko-project/executor", "gcr.io/cloud-builders/docker"
_PUSH, _BUILDX = "docker/build-push-action", "docker/setup-buildx-action"


class BuildStep(Struct, frozen=True):
    """A step that builds the Dockerfile. `text` is the edited file, equal to the original if nothing
    is missing, or None if the file can't be edited safely; `why` is the reason."""

    line: int
    text: str | None
    why: Reason | None = None


def kaniko_step(text: str, dockerfile: str, context: str, flags: Sequence[str]) -> BuildStep | None:
    """The Kaniko step of a cloudbuild.yaml that builds the Dockerfile, with missing flags added.

    Without a Kaniko step, the first `docker build` step, which is not edited.
    """
    docker = None
    for step in items(get(document(text), "steps")):
        name, args = string(get(step, "name")), get(step, "args")
        line = step.start_mark.line + 1
        if name.partition(":")[0] == KANIKO and args is not None:
            given = [string(item) for item in items(args)]
            if _builds(given, dockerfile, context):
                return _with_flags(text, line, args, given, flags)
        if name.partition(":")[0] == DOCKER and docker is None and "build" in map(string, items(args)):
            docker = BuildStep(line, None, Reason.of("SL382", "kaniko"))
    return docker


def github_step(text: str, dockerfile: str, inputs: Sequence[tuple[str, str]]) -> BuildStep | None:
    """The docker/build-push-action step that builds the Dockerfile, with missing cache inputs added."""
    for _, job in pairs(get(document(text), "jobs")):
        steps = items(get(job, "steps"))
        uses = [string(get(step, "uses")).partition("@")[0] for step in steps]
        for at, step in enumerate(steps):
            settings = get(step, "with")
            if uses[at] == _PUSH and _file(settings) == dockerfile:
                found = _with_inputs(text, step.start_mark.line + 1, settings, inputs)
                why = _no_builder(list(zip(uses, steps, strict=True))[:at])
                return BuildStep(found.line, None, found.why or why) if why and found.text != text else found
    return None


def _no_builder(before: Sequence[tuple[str, Any]]) -> Reason | None:
    """Why the builder of a job may not support this cache, or None."""
    made = [step for uses, step in before if uses == _BUILDX]
    if not made:
        return Reason.of("SL382", "no_builder", action=_BUILDX)
    chosen = get(get(made[-1], "with"), "driver") is not None
    return Reason.of("SL382", "driver") if chosen else None


def first_line_with(text: str, words: Iterable[str]) -> int:
    """The number of the first line with one of the words outside a comment, or 0."""
    for number, line in enumerate(text.splitlines(), 1):
        if any(word in line.partition("#")[0] for word in words):
            return number
    return 0


# --- edits ----------------------------------------------------------------------------------------


def _with_flags(text: str, line: int, args: Any, given: Sequence[str], flags: Sequence[str]) -> BuildStep:
    names = {item.partition("=")[0]: item for item in given}
    missing = [flag for flag in flags if flag.partition("=")[0] not in names]
    if names.get("--cache") not in (None, "--cache", "--cache=true"):
        return BuildStep(line, None, Reason.of("SL382", "option", option=names["--cache"]))
    if "--cache-repo" not in names and ("--no-push" in names or "--destination" not in names):
        return BuildStep(line, None, Reason.of("SL382", "no_push"))
    last: Any = items(args)[-1]
    if args.flow_style:
        quote = last.style or ""
        edited = _inserted(text, last.end_mark.index, "".join(f", {quote}{flag}{quote}" for flag in missing))
    else:
        lead = " " * args.start_mark.column + "- "
        edited = _inserted(
            text, _line_end(text, last), "".join(f"{_newline(text)}{lead}{f}" for f in missing)
        )
    return _verified(text, edited, line, missing)


def _with_inputs(text: str, line: int, settings: Any, inputs: Sequence[tuple[str, str]]) -> BuildStep:
    given = {string(key): string(value) for key, value in pairs(settings)}
    if {name for name, _ in inputs} <= given.keys():
        stored = given["cache-to"]
        full = "type=gha" not in stored or "mode=max" in stored
        return BuildStep(line, text) if full else _with_mode(text, line, settings)
    if {name for name, _ in inputs} & given.keys():
        return BuildStep(line, None, Reason.of("SL382", "one_setting"))
    if settings is None or settings.flow_style:
        return BuildStep(line, None, Reason.of("SL382", "settings"))
    lead = " " * settings.start_mark.column
    end = _newline(text)
    last = pairs(settings)[-1][1]
    lines = [f"{name}: {value}" for name, value in inputs]
    if _one_line(last):
        edited = _inserted(text, _line_end(text, last), "".join(f"{end}{lead}{x}" for x in lines))
    else:
        edited = _inserted(text, settings.start_mark.index, "".join(f"{x}{end}{lead}" for x in lines))
    return _verified(text, edited, line, lines)


def _with_mode(text: str, line: int, settings: Any) -> BuildStep:
    value: Any = next(value for key, value in pairs(settings) if string(key) == "cache-to")
    if not _one_line(value) or "mode=" in value.value:
        return BuildStep(line, None, Reason.of("SL382", "mode"))
    at = value.end_mark.index - (1 if value.style else 0)
    return _verified(text, _inserted(text, at, ",mode=max"), line, ["mode=max"])


def _verified(text: str, edited: str, line: int, parts: Sequence[str]) -> BuildStep:
    """The edited step, if the edit adds exactly `parts` to the parsed file."""
    try:
        added = list(_additions(data(text), data(edited)))
    except ValueError:
        added = [""]
    if added != list(parts):
        return BuildStep(line, None, Reason.of("SL382", "not_in_place"))
    return BuildStep(line, edited)


def _additions(before: object, after: object) -> Iterator[str]:
    """The additions of `after` over `before`. Raises ValueError for any other difference."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() <= after.keys():
        for key, value in after.items():
            if key in before:
                yield from _additions(before[key], value)
            else:
                yield f"{key}: {value}"
    elif isinstance(before, list) and isinstance(after, list) and len(before) <= len(after):
        for old, new in zip(before, after, strict=False):
            yield from _additions(old, new)
        yield from map(str, after[len(before) :])
    elif isinstance(before, str) and isinstance(after, str) and after.startswith(before):
        yield from [after[len(before) :].removeprefix(",")] if after != before else []
    elif before != after:
        raise ValueError("not only additions")


def _inserted(text: str, at: int, more: str) -> str:
    return text[:at] + more + text[at:]


def _one_line(node: Any) -> bool:
    """Whether a value is a scalar on a single line."""
    scalar = isinstance(node.value, str) and node.style not in ("|", ">")
    return scalar and node.start_mark.line == node.end_mark.line


def _line_end(text: str, node: Any) -> int:
    at = text.find("\n", node.end_mark.index)
    at = len(text) if at < 0 else at
    return at - 1 if text[at - 1 : at] == "\r" else at


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


# --- matching -------------------------------------------------------------------------------------


def _builds(given: Sequence[str], dockerfile: str, context: str) -> bool:
    """Whether a Kaniko step builds the Dockerfile. Kaniko resolves its path first as given, then
    relative to the context; both are in /workspace."""
    named: Mapping[str, str] = {k: v for k, _, v in (item.partition("=") for item in given)}
    root = named.get("--context", "").removeprefix("dir://").removeprefix("/workspace").strip("/")
    file = named.get("--dockerfile", "Dockerfile").removeprefix("/workspace/")
    places = {posixpath.normpath(file), posixpath.normpath(posixpath.join(root, file))}
    return dockerfile in places and posixpath.normpath(root or ".") == posixpath.normpath(context)


def _file(settings: Any) -> str:
    """The Dockerfile of a build-push-action: `file` relative to the root, else in the context."""
    context = string(get(settings, "context")) or "."
    file = string(get(settings, "file")) or posixpath.join(context, "Dockerfile")
    return posixpath.normpath(str(file))
