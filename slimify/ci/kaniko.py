"""Converts a `docker build` step of Google Cloud Build to Kaniko.

Kaniko pushes the image itself, so `docker push` steps and `images:` for it are removed. A step with
unknown settings is not converted, nor is one whose image a later step uses locally.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from slimify.analysis.repository.engine_commands import engine_call
from slimify.ci.build_steps import DOCKER, KANIKO, BuildStep
from slimify.context.yaml_nodes import data, document, get, items, last_line, pairs, string
from slimify.model.decisions import Reason

_GENERIC_KEYS = ("id", "waitFor", "timeout")  # keys of a step that do not depend on its image
_CONVERTED = frozenset({"-f", "--file", "-t", "--tag", "--build-arg", "--target"})
_QUIET = frozenset({"DOCKER_BUILDKIT=1"})


class _DockerBuild(Struct, frozen=True):
    """A `docker build` step; `flags` are the equivalent flags of Kaniko."""

    node: Any
    tags: tuple[str, ...]
    flags: tuple[str, ...]


def convert_to_kaniko(text: str, dockerfile: str, context: str, flags: Sequence[str]) -> BuildStep | None:
    """The step that builds the Dockerfile with Docker, converted to Kaniko; None if there is none."""
    root = document(text)
    steps = items(get(root, "steps"))
    number, docker = next(
        ((n, d) for n, s in enumerate(steps) if (d := _docker_build(s, dockerfile, context)) is not None),
        (0, None),
    )
    if docker is None:
        return None
    line = docker.node.start_mark.line + 1
    pushes = [s for s in steps[number + 1 :] if _pushes(s, docker.tags)]
    for step in steps[number + 1 :]:
        name = _image(step)
        used = {string(arg) for arg in items(get(step, "args"))} & set(docker.tags)
        if step not in pushes and used and name == DOCKER:
            return BuildStep(line, None, Reason.of("SL382", "local_image", at=step.start_mark.line + 1))
    unrelated_step = next((s for s in steps[number + 1 :] if s not in pushes), None)
    listed = list(_images(root, docker.tags))
    if listed and unrelated_step is not None:
        return BuildStep(line, None, Reason.of("SL382", "pushed_late", at=unrelated_step.start_mark.line + 1))
    removed_lines = [(s.start_mark.line, last_line(s)) for s in pushes]
    removed_lines += listed
    edited = _with_kaniko_step(text, docker, (*docker.flags, *flags), removed_lines)
    return _verified(text, edited, docker, pushes, steps, line, (*docker.flags, *flags))


def _docker_build(step: Any, dockerfile: str, context: str) -> _DockerBuild | None:
    """The `docker build` of a step, if it builds this Dockerfile and has only known settings."""
    known = {"name", "args", "dir", "env", *_GENERIC_KEYS}
    keys = {string(key) for key, _ in pairs(step)}
    args, env = get(step, "args"), [string(item) for item in items(get(step, "env"))]
    if _image(step) != DOCKER or not keys <= known:
        return None
    told = engine_call(["docker", *(string(item) for item in items(args))])
    if told is None or told.command != "build" or not set(env) <= _QUIET or step.flow_style:
        return None
    folder, tags = string(get(step, "dir")) or ".", told.given("-t", "--tag")
    context_word = next(iter(told.operands), "")
    if not context_word or not _CONVERTED.issuperset(told.options.given) or "://" in context_word:
        return None
    where = posixpath.normpath(posixpath.join(folder, context_word))
    file = posixpath.join(folder, told.dockerfile)
    if not tags or posixpath.normpath(file) != dockerfile or where != posixpath.normpath(context):
        return None
    place = "dir:///workspace" + ("" if where == "." else f"/{where}")
    flags = [f"--dockerfile=/workspace/{dockerfile}", f"--context={place}"]
    flags += [f"--destination={tag}" for tag in tags]
    flags += [f"--build-arg={value}" for value in told.given("--build-arg")]
    flags += [f"--target={stage}" for stage in told.given("--target")[-1:]]
    return _DockerBuild(step, tags, tuple(flags))


def _image(step: Any) -> str:
    """The image of a step, without its tag."""
    return string(get(step, "name")).partition(":")[0]


def _pushes(step: Any, tags: Sequence[str]) -> bool:
    words = [string(item) for item in items(get(step, "args"))]
    name = _image(step)
    return name == DOCKER and len(words) == 2 and words[0] == "push" and words[1] in tags


def _images(root: Any, tags: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The line ranges of `images:` that name images pushed by Kaniko."""
    for key, value in pairs(root):
        if string(key) != "images":
            continue
        rows = [item for item in items(value) if string(item) in tags]
        if len(rows) == len(items(value)):
            yield key.start_mark.line, last_line(value)
        else:
            yield from ((row.start_mark.line, last_line(row)) for row in rows)


def _with_kaniko_step(
    text: str, docker: _DockerBuild, flags: Sequence[str], removed_lines: Sequence[tuple[int, int]]
) -> str:
    lines = text.splitlines(keepends=True)
    end = "\r\n" if "\r\n" in text else "\n"
    first, last, column = docker.node.start_mark.line, last_line(docker.node), docker.node.start_mark.column
    lead = " " * column
    kept = [
        "".join(lines[key.start_mark.line : last_line(value) + 1]).lstrip()
        for key, value in pairs(docker.node)
        if string(key) in _GENERIC_KEYS
    ]
    new = [f"{lines[first][:column]}name: {KANIKO}:latest{end}"]
    new += [f"{lead}{part}" if part.endswith("\n") else f"{lead}{part}{end}" for part in kept]
    new += [f"{lead}args:{end}", *(f"{lead}  - {_yaml_scalar(flag)}{end}" for flag in flags)]
    drop = {n for start, stop in (*removed_lines, (first, last)) for n in range(start, stop + 1)}
    out: list[str] = []
    for number, line in enumerate(lines):
        out += new if number == first else []
        out += [] if number in drop else [line]
    return "".join(out)


def _yaml_scalar(flag: str) -> str:
    """A flag as a YAML scalar, quoted if it contains ` #` or `: `."""
    return f"'{flag}'" if ": " in flag or " #" in flag else flag


def _verified(
    text: str,
    edited: str,
    docker: _DockerBuild,
    pushes: Sequence[Any],
    steps: Sequence[Any],
    line: int,
    flags: Sequence[str],
) -> BuildStep:
    """The edited step, if the parsed result is as expected."""
    wanted = data(text)
    at = steps.index(docker.node)
    own = wanted["steps"][at]
    wanted["steps"][at] = {
        "name": f"{KANIKO}:latest",
        **{key: own[key] for key in own if key in _GENERIC_KEYS},
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
        same = data(edited) == wanted
    except ValueError:
        same = False
    if commented or not same:
        return BuildStep(line, None, Reason.of("SL382", "not_in_place"))
    more = ["`docker push`"] if pushes else []
    more += ["`images:`"] if wanted.get("images") != own_images else []
    if not more:
        return BuildStep(line, edited, Reason.of("SL383", "kaniko"))
    return BuildStep(line, edited, Reason.of("SL383", "kaniko_gone", gone=tuple(more)))
