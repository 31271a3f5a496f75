"""Finds scripts that call a container engine: shell scripts, Makefiles, CI files, Jenkinsfiles, documents.

Nothing is executed, and nothing outside the directory is read. The shell text in them is given as it stands.
"""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from slimify.config import disk
from slimify.context.build_scripts import document, jenkinsfile
from slimify.context.build_scripts.snippet import Snippet, logical_lines
from slimify.context.directory_walk import file_size, files_below
from slimify.context.make.reader import function_goal
from slimify.context.scan import Context
from slimify.context.yaml_nodes import composed, entries, get, items, last_line, pairs, string
from slimify.facts.programs import container_engines
from slimify.facts.shells import is_posix_shell, is_shell_file, is_shell_script
from slimify.facts.system import ci_directories, third_party_directories
from slimify.languages import installed_directories
from slimify.model.regex import regex

_MAX_BYTES, _MAX_FILES, _MAX_DEPTH, _MAX_TARGETS = 256 << 10, 400, 5, 60
_SKIPPED = frozenset({".git", "__pycache__"})
_MAKEFILES = regex(r"(GNUm|M|m)akefile|.*\.mk")
_YAML = regex(r".*\.ya?ml")
_SHELL = regex(r".*\.(sh|bash)|[\w-]+")  # files without an extension need a shebang
_ENGINE = regex(rf"\b(?:{'|'.join(container_engines())})\b")
_WORDS = r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|\$\([^()]*\)|[^'"\\`;&|()]"""
_CALL = regex(rf"{_ENGINE.pattern}(?:{_WORDS})*")
_EXPRESSION = regex(r"\$\{\{[^}\n]*\}\}")  # of a workflow
_ESCAPED = regex(r'["\\`]')  # within double quotes, where variables still expand
_SETS = regex(r"\s*(?:export |cd |\w+=)")
_ON_FILES = regex(r"\s*(cd|mv|cp|mkdir|chmod|tar|strip|upx|gzip|zip|sed)\s")


class Script(Struct, frozen=True, kw_only=True):
    """Shell text that runs piece by piece; `file` is relative to the searched directory. `is_shell`: the file
    is a shell script as a whole."""

    file: str
    text: str  # of the file, the code of a document
    snippets: tuple[Snippet, ...]
    is_shell: bool = False

    @property
    def is_document(self) -> bool:
        return document.is_document(os.path.basename(self.file))

    def calls(self) -> Iterator[Snippet]:
        """What may be calls in its lines: the words from the name of an engine on, unless they are quoted."""
        for line in logical_lines(self.text):
            for match in _CALL.finditer(_EXPRESSION.sub("$EXPRESSION", line.text)):
                if match.string[match.end() : match.end() + 1] not in ("'", '"', "`"):
                    yield replace(line, text=match[0])


def script_files(root: Path) -> Context:
    """The files below `root` that may be scripts, or parts of some."""
    ci, skipped = ci_directories(), _SKIPPED | third_party_directories() | installed_directories()

    def enters(path: str) -> bool:
        name = posixpath.basename(path)
        return name not in skipped and (not name.startswith(".") or name in ci)

    entries = files_below(disk.real(str(root)), "", _MAX_DEPTH, enters)
    found = {path: file_size(entry) for path, entry in entries if _may_be_script(path)}
    sizes = {path: size for path, size in sorted(found.items()) if size is not None and size <= _MAX_BYTES}
    return Context(root=root, files=sizes)


def scripts(context: Context, root: str, near: str = "") -> Iterator[Script]:
    """The scripts that call an engine, those below `near` first, then those of the directories above it.
    `root` is the directory for the shell."""

    def distance(path: str) -> tuple[bool, bool, int, str]:
        home = os.path.dirname(path)
        above = not home or f"{near}/".startswith(f"{home}/")
        return not path.startswith(f"{near}/" if near else ""), not above, path.count("/"), path

    found = [path for path, size in context.files.items() if size <= _MAX_BYTES and _may_be_script(path)]
    for path in sorted(found, key=distance)[:_MAX_FILES]:
        text = context.text(path) or ""
        if not _ENGINE.search(text):
            continue
        base = os.path.basename(path)
        if _MAKEFILES.fullmatch(base):
            for call in _make_calls(text, f"{root}/{path}"):
                yield Script(file=path, text=text, snippets=(Snippet(call),))
        elif jenkinsfile.NAME.fullmatch(base):
            yield Script(file=path, text=text, snippets=tuple(jenkinsfile.steps(text)))
        elif document.is_document(base):
            code = document.code_of(base, text)
            lines = (x for x in logical_lines(code) if _ENGINE.search(x.text) or _SETS.match(x.text))
            yield Script(file=path, text=code, snippets=tuple(lines))
        elif _YAML.fullmatch(base):
            yield Script(file=path, text=text, snippets=tuple(_yaml_steps(text)))
        elif is_shell_file(base) or is_shell_script(text):
            yield Script(file=path, text=text, snippets=(Snippet(text),), is_shell=True)


def _may_be_script(path: str) -> bool:
    name, wanted = os.path.basename(path), (_MAKEFILES, _YAML, _SHELL, jenkinsfile.NAME)
    return document.is_document(name) or any(pattern.fullmatch(name) for pattern in wanted)


def _make_calls(text: str, path: str) -> Iterator[str]:
    """A call of make for each target and each function, and one for all targets in file order, since users
    may run them one after the other."""
    names = tuple(dict.fromkeys(re.findall(r"(?m)^([\w./-]+)\s*:(?![=:])", text)))[:_MAX_TARGETS]
    defined = re.findall(r"(?m)^(?:override\s+)?define\s+([\w.-]+)", text)[:_MAX_TARGETS]
    single = (*names, *map(function_goal, defined))
    for goals in (*((name,) for name in single), names):
        yield shlex.join(("make", "-f", path, *goals))


# --- YAML --------------------------------------------------------------------------------------------


def _yaml_steps(text: str) -> Iterator[Snippet]:
    """The shell text in a CI file, or the steps of Google Cloud Build."""
    for root in composed(text):
        steps = get(root, "steps")
        if any(get(step, "name") is not None for step in items(steps)):
            for step in filter(pairs, items(steps)):
                yield from _cloud_build_step(dict(entries(step)))
        else:
            yield from map(_scalar_step, _scalars(root))


def _scalar_step(scalar: Any) -> Snippet:
    block = scalar.style in ("|", ">")
    text = _EXPRESSION.sub("$EXPRESSION", scalar.value)
    return Snippet(text, scalar.start_mark.line + (2 if block else 1))


def _cloud_build_step(step: dict[str, Any]) -> Iterator[Snippet]:
    """The commands of a step: it runs a container in /workspace, where the sources are mounted."""
    name = string(step.get("name"))
    line = min(node.start_mark.line for node in step.values()) + 1
    end = max(last_line(node) for node in step.values()) + 1
    args = [string(item) for item in items(step.get("args"))]
    entry = string(step.get("entrypoint"))
    folder = string(step.get("dir"))
    words: tuple[str, ...] = ()
    if folder:
        yield Snippet(shlex.join(("cd", folder)), line)
    if is_posix_shell(entry) and "-c" in args and "cloud-builders" in name:
        yield _scalar_step(items(step["args"])[-1])
    elif name.partition(":")[0].endswith("cloud-builders/docker") and not entry:
        words = ("docker", *args)
    elif name:
        options = ("-v", ".:/workspace", "-w", "/workspace", *(("--entrypoint", entry) if entry else ()))
        words = ("docker", "run", *options, name, *args)
    if words:
        quoted = ('"' + _ESCAPED.sub(r"\\\g<0>", word) + '"' for word in words)
        yield Snippet(" ".join(quoted), line, end)
    if folder:
        yield Snippet("cd -", line)


def _scalars(root: Any) -> Iterator[Any]:
    pending, seen = [root], set[int]()
    while pending:
        node = pending.pop()
        text = string(node)
        if _ENGINE.search(text) or _ON_FILES.match(text):
            yield node
        if id(node) not in seen:  # aliases
            seen.add(id(node))
            pending += reversed([*items(node), *(value for _, value in pairs(node))])
