"""Finds scripts that call Docker and reads their commands: shell, Makefiles, CI files, Jenkinsfiles.

Nothing is executed, and nothing outside the directory is read. Text that the shell parser does not
understand has no commands.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from slimify.context.build_scripts import jenkinsfile, variables
from slimify.context.build_scripts.call import Call
from slimify.context.make import targets
from slimify.context.yaml_nodes import items, pairs, text_of
from slimify.facts.shells import is_posix_shell, is_shell_file, is_shell_script
from slimify.facts.system import ci_directories, third_party_directories
from slimify.languages import installed_directories
from slimify.model.shell import Command, Word
from slimify.syntax.shell import script as shell

_MAX_BYTES, _MAX_FILES, _MAX_DEPTH, _MAX_TARGETS = 256 << 10, 400, 5, 60
_SKIPPED = frozenset({".git", "__pycache__"})
_MAKEFILES = re.compile(r"(GNUm|M|m)akefile|.*\.mk")
_YAML = re.compile(r".*\.ya?ml")
_SHELL = re.compile(r".*\.(sh|bash)|[\w-]+")  # files without an extension need a shebang
_DOCKER = re.compile(r"\b(docker|podman|cloud-builders/docker)\b")
_ON_FILES = re.compile(r"\s*(cd|mv|cp|mkdir|chmod|tar|strip|upx|gzip|zip|sed)\s")
# Expressions for the working directory at the start of a word.
_WORKING_DIRECTORY = re.compile(
    r"^(\$\(pwd\)|`pwd`|\$\{?PWD\}?|\$\(PWD\)|\$\(CURDIR\)|\$\{CURDIR\}|\$\(shell pwd\))(?=/|$|:)"
)


class Script(Struct, frozen=True, kw_only=True):
    """A sequence of commands; `file` is relative to the searched directory."""

    file: str
    name: str  # the file, with the target of a Makefile
    calls: tuple[Call, ...]


def scripts(root: Path, near: str = "") -> Iterator[Script]:
    """The scripts below `root` that call Docker, starting with those below `near`."""

    def distance(path: str) -> tuple[bool, int, str]:
        return not path.startswith(f"{near}/" if near else ""), path.count("/"), path

    for path in sorted(_files(root), key=distance)[:_MAX_FILES]:
        text = _text(root / path)
        if not _DOCKER.search(text):
            continue
        base = os.path.basename(path)
        if _MAKEFILES.fullmatch(base):
            yield from _makefile_scripts(path, text)
        elif jenkinsfile.NAME.fullmatch(base):
            yield Script(file=path, name=path, calls=tuple(jenkinsfile.steps(text, calls)))
        elif _YAML.fullmatch(base):
            yield Script(file=path, name=path, calls=tuple(_yaml_calls(text)))
        elif is_shell_file(base) or is_shell_script(text):
            yield Script(file=path, name=path, calls=tuple(calls(text, folder=posixpath.dirname(path))))


def relative_to_cwd(word: str) -> str:
    """A word with `$PWD`, `$(pwd)` and the like replaced by `.`."""
    return _WORKING_DIRECTORY.sub(".", word)


def calls(text: str, line: int = 1, folder: str | None = None) -> Iterator[Call]:
    """The commands of a script that starts at line `line`; `folder` is the directory of its file."""
    read = shell.read(text)
    found: list[Call] = []
    variable, last = "", (0, 0)
    known = variables.constant_values(read.commands, text, folder)
    for command in read.commands:
        first = line + text.count("\n", 0, command.start)
        call = _make_call(command, first, first + text.count("\n", command.start, command.end), known)
        inside = bool(command.context) and command.context[-1] == "$("
        if inside and variable and last[0] <= command.start < last[1]:
            if variable in known:
                continue  # it only computes a directory and does not change the working directory
            call = replace(call, assigned_to=variable)
        elif command.assigns:
            variable, word = command.assigns[-1]
            last = (word.start, word.end)
        if command.operator == "|" and found:
            found[-1] = replace(found[-1], piped_to=call.words)
            call = replace(call, reads_pipe=True)
        if call.words:
            found.append(call)
    yield from found


def _make_call(command: Command, line: int, end: int, known: Mapping[str, str]) -> Call:
    files = {r.op: _word_text(r.target, known) for r in command.redirects}
    words = ((w, _word_text(w, known)) for w in command.words)
    return Call(
        line=line,
        end=end,
        words=tuple(
            part for w, text in words for part in (text.split() if variables.is_bare_variable(w) else (text,))
        ),
        stdout=files.get(">", files.get(">>", "")),
        stdin=files.get("<", ""),
    )


def _word_text(word: Word, known: Mapping[str, str]) -> str:
    if word.value is not None:
        return word.value
    return variables.substitute(word.text.replace('"', "").replace("'", ""), known)


def _makefile_scripts(path: str, text: str) -> Iterator[Script]:
    """One script per Makefile target, including prerequisites; and one with all targets in file order,
    since users may run them one after the other."""
    read = targets.read(text, file=path)
    names = dict.fromkeys(re.findall(r"(?m)^([\w./%-]+)\s*:(?![=:])", text))
    one_by_one: dict[int, list[Call]] = {}
    for name in list(names)[:_MAX_TARGETS]:
        recipe = targets.target(read, name)
        if recipe is None:
            continue
        lines = {r.line: list(_recipe_calls(r)) for r in recipe.commands if (r.file or path) == path}
        yield Script(
            file=path, name=f"{path} ({name})", calls=tuple(c for own in lines.values() for c in own)
        )
        one_by_one = {**lines, **one_by_one}
    yield Script(file=path, name=path, calls=tuple(c for n in sorted(one_by_one) for c in one_by_one[n]))


def _recipe_calls(command: targets.RecipeCommand) -> Iterator[Call]:
    known = command.partial
    if set(command.dynamic) == {"CURDIR"}:  # only $(CURDIR) or $(shell pwd) is unknown
        known = known.replace("${UNKNOWN}", "$PWD")
    return calls(known, command.line)


# --- YAML --------------------------------------------------------------------------------------------


def _yaml_calls(text: str) -> Iterator[Call]:
    """The commands of all shell text in a CI file, or of the steps of Google Cloud Build."""
    import yaml

    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    steps = next((v for k, v in pairs(root) if k.value == "steps"), None)
    if steps is not None and any(k.value == "name" for step in items(steps) for k, _ in pairs(step)):
        for step in items(steps):
            yield from _cloud_build_calls({k.value: v for k, v in pairs(step)})
        return
    for scalar in _scalars(root, 0):
        yield from _scalar_calls(scalar)


def _scalar_calls(scalar: Any) -> Iterator[Call]:
    block = scalar.style in ("|", ">")
    yield from calls(scalar.value, scalar.start_mark.line + (2 if block else 1))


def _cloud_build_calls(step: dict[str, Any]) -> Iterator[Call]:
    """The commands of a step: it runs a container in /workspace, where the sources are mounted."""
    name = text_of(step.get("name")) or ""
    line = min(node.start_mark.line for node in step.values()) + 1
    end = max(_last_line(node) for node in step.values())
    args = [text_of(item) or "" for item in items(step.get("args"))]
    entry = text_of(step.get("entrypoint")) or ""
    folder = text_of(step.get("dir")) or ""
    prefix = ("cd", folder) if folder else ()
    if prefix:
        yield Call(line=line, end=end, words=prefix)
    if is_posix_shell(entry) and "-c" in args and "cloud-builders" in name:
        script = list(items(step["args"]))[-1]
        yield from _scalar_calls(script)
    elif name.partition(":")[0].endswith("cloud-builders/docker") and not entry:
        yield Call(line=line, end=end, words=("docker", *args))
    elif name:
        options = ("-v", ".:/workspace", "-w", "/workspace", *(("--entrypoint", entry) if entry else ()))
        yield Call(line=line, end=end, words=("docker", "run", *options, name, *args))
    if prefix:
        yield Call(line=line, end=end, words=("cd", "-"))


def _last_line(node: Any) -> int:
    """The 1-based line where a node ends; the end mark of a block is on the next line."""
    return int(node.end_mark.line if node.end_mark.column == 0 else node.end_mark.line + 1)


def _scalars(node: Any, depth: int) -> Iterator[Any]:
    if depth > 40:
        return
    text = text_of(node) or ""
    if _DOCKER.search(text) or _ON_FILES.match(text):
        yield node
    for item in items(node):
        yield from _scalars(item, depth + 1)
    for _, value in pairs(node):
        yield from _scalars(value, depth + 1)


# --- files -------------------------------------------------------------------------------------------


def _files(root: Path) -> Iterator[str]:
    ci, skipped = ci_directories(), _SKIPPED | third_party_directories() | installed_directories()
    for directory, folders, names in os.walk(root):
        below = os.path.relpath(directory, root)
        depth = 0 if below == "." else below.count(os.sep) + 1
        folders[:] = (
            [f for f in sorted(folders) if f not in skipped and (not f.startswith(".") or f in ci)]
            if depth < _MAX_DEPTH
            else []
        )
        for name in names:
            wanted = (_MAKEFILES, _YAML, _SHELL, jenkinsfile.NAME)
            if any(p.fullmatch(name) for p in wanted) and not os.path.islink(os.path.join(directory, name)):
                yield os.path.normpath(os.path.join(below, name)).replace(os.sep, "/")


def _text(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return ""
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ""
