"""A step of Google Cloud Build that builds by `docker build`, made one of Kaniko's.

Kaniko pushes by itself: what only served that goes with it, `docker push` of the same name and `images:`. A
step that says more than is known here, or whose image a later one takes from the machine, stays.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from slimify.context.build_scripts.command_lines import options_of
from slimify.context.ci_files.build_steps import DOCKER, KANIKO, Found
from slimify.context.yaml_nodes import document, get, items, last_line, pairs, text_of
from slimify.model.decisions import Reason

_KEPT = ("id", "waitFor", "timeout")  # of a step, whatever it runs
_VALUED = ("-t", "--tag", "-f", "--file", "--build-arg", "--target")
_QUIET = frozenset({"DOCKER_BUILDKIT=1"})


class _Docker(Struct, frozen=True):
    """A `docker build` of a step: `flags` are Kaniko's."""

    node: Any
    tags: tuple[str, ...]
    flags: tuple[str, ...]


def converted(text: str, dockerfile: str, context: str, flags: Sequence[str]) -> Found | None:
    """The file with Kaniko in place of the step that builds the Dockerfile with Docker; None where there is
    no such step."""
    root = document(text)
    steps = list(items(get(root, "steps")))
    number, docker = next(
        ((n, d) for n, s in enumerate(steps) if (d := _docker(s, dockerfile, context)) is not None),
        (0, None),
    )
    if docker is None:
        return None
    line = docker.node.start_mark.line + 1
    pushes = [s for s in steps[number + 1 :] if _pushes(s, docker.tags)]
    for step in steps[number + 1 :]:
        name = _image(step)
        used = {text_of(arg) for arg in items(get(step, "args"))} & set(docker.tags)
        if step not in pushes and used and name == DOCKER:
            return Found(line, None, Reason.of("SL382", "local_image", at=step.start_mark.line + 1))
    late = next((s for s in steps[number + 1 :] if s not in pushes), None)
    listed = list(_images(root, docker.tags))
    if listed and late is not None:
        return Found(line, None, Reason.of("SL382", "pushed_late", at=late.start_mark.line + 1))
    gone = [(s.start_mark.line, last_line(s)) for s in pushes]
    gone += listed
    edited = _edited(text, docker, (*docker.flags, *flags), gone)
    return _checked(text, edited, docker, pushes, steps, line, (*docker.flags, *flags))


def _docker(step: Any, dockerfile: str, context: str) -> _Docker | None:
    """What a step builds with Docker, if it is this Dockerfile and everything that it says is known."""
    known = {"name", "args", "dir", "env", *_KEPT}
    keys = {text_of(key) for key, _ in pairs(step)}
    args, env = get(step, "args"), [text_of(item) for item in items(get(step, "env"))]
    if _image(step) != DOCKER or not keys <= known:
        return None
    words = [text_of(item) or "" for item in items(args)]
    words = words[1:] if words[:1] == ["buildx"] else words
    if words[:1] != ["build"] or not set(env) <= _QUIET or step.flow_style:
        return None
    options, operands = options_of(words[1:], 1)
    folder = text_of(get(step, "dir")) or "."
    if len(operands) != 1 or set(options) - set(_VALUED) or "://" in operands[0]:
        return None
    tags = (*options.get("-t", ()), *options.get("--tag", ()))
    where = posixpath.normpath(posixpath.join(folder, operands[0]))
    named = [*options.get("-f", ()), *options.get("--file", ())]
    file = posixpath.join(folder, named[-1]) if named else posixpath.join(where, "Dockerfile")
    if not tags or posixpath.normpath(file) != dockerfile or where != posixpath.normpath(context):
        return None
    place = "dir:///workspace" + ("" if where == "." else f"/{where}")
    flags = [f"--dockerfile=/workspace/{dockerfile}", f"--context={place}"]
    flags += [f"--destination={tag}" for tag in tags]
    flags += [f"--build-arg={value}" for value in options.get("--build-arg", ())]
    flags += [f"--target={value}" for value in options.get("--target", ())]
    return _Docker(step, tags, tuple(flags))


def _image(step: Any) -> str:
    """The image of a step, without its tag."""
    return (text_of(get(step, "name")) or "").partition(":")[0]


def _pushes(step: Any, tags: Sequence[str]) -> bool:
    words = [text_of(item) for item in items(get(step, "args"))]
    name = _image(step)
    return name == DOCKER and len(words) == 2 and words[0] == "push" and words[1] in tags


def _images(root: Any, tags: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The lines of `images:` that name what Kaniko pushed."""
    for key, value in pairs(root):
        if text_of(key) != "images":
            continue
        rows = [item for item in items(value) if text_of(item) in tags]
        if len(rows) == len(list(items(value))):
            yield key.start_mark.line, last_line(value)
        else:
            yield from ((row.start_mark.line, last_line(row)) for row in rows)


def _edited(text: str, docker: _Docker, flags: Sequence[str], gone: Sequence[tuple[int, int]]) -> str:
    lines = text.splitlines(keepends=True)
    end = "\r\n" if "\r\n" in text else "\n"
    first, last, column = docker.node.start_mark.line, last_line(docker.node), docker.node.start_mark.column
    lead = " " * column
    kept = [
        "".join(lines[key.start_mark.line : last_line(value) + 1]).lstrip()
        for key, value in pairs(docker.node)
        if text_of(key) in _KEPT
    ]
    new = [f"{lines[first][:column]}name: {KANIKO}:latest{end}"]
    new += [f"{lead}{part}" if part.endswith("\n") else f"{lead}{part}{end}" for part in kept]
    new += [f"{lead}args:{end}", *(f"{lead}  - {_quoted(flag)}{end}" for flag in flags)]
    drop = {n for start, stop in (*gone, (first, last)) for n in range(start, stop + 1)}
    out: list[str] = []
    for number, line in enumerate(lines):
        out += new if number == first else []
        out += [] if number in drop else [line]
    return "".join(out)


def _quoted(flag: str) -> str:
    """A flag as YAML wants it: `#` behind a blank and `: ` mean something else there."""
    return f"'{flag}'" if ": " in flag or " #" in flag else flag


def _checked(
    text: str,
    edited: str,
    docker: _Docker,
    pushes: Sequence[Any],
    steps: Sequence[Any],
    line: int,
    flags: Sequence[str],
) -> Found:
    """The edit, if the file says afterwards what it has to."""
    import yaml

    wanted = yaml.safe_load(text)
    at = steps.index(docker.node)
    own = wanted["steps"][at]
    wanted["steps"][at] = {
        "name": f"{KANIKO}:latest",
        **{key: own[key] for key in own if key in _KEPT},
        "args": list(flags),
    }
    wanted["steps"] = [s for s, node in zip(wanted["steps"], steps, strict=True) if node not in pushes]
    own_images = wanted.get("images")
    if "images" in wanted:
        wanted["images"] = [name for name in wanted["images"] if name not in docker.tags]
        if not wanted["images"]:
            del wanted["images"]
    commented = any("#" in row for row in text.splitlines()[line - 1 : last_line(docker.node) + 1])
    try:
        same = yaml.safe_load(edited) == wanted
    except yaml.YAMLError:
        same = False
    if commented or not same:
        return Found(line, None, Reason.of("SL382", "not_in_place"))
    more = ["`docker push`"] if pushes else []
    more += ["`images:`"] if wanted.get("images") != own_images else []
    if not more:
        return Found(line, edited, Reason.of("SL383", "kaniko"))
    return Found(line, edited, Reason.of("SL383", "kaniko_gone", gone=tuple(more)))
