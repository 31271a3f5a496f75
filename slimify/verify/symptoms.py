"""What a program says when something is missing → what it is, looked up in the original image.

The messages are those of glibc's and musl's loaders, the common shells, execve through Docker's
runtime, and the interpreters. Only lines that the original does not print are read.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from slimify.verify.disk.evidence import Evidence, finding
from slimify.verify.disk.libraries import lost
from slimify.verify.disk.linker import Linker
from slimify.verify.model import Constraint, Finding

LIBRARY, COMMAND, FILE, MODULE, LIBC = "SL550", "SL551", "SL552", "SL553", "SL554"

_Reader = Callable[[Evidence, str], Finding | None]


def read(evidence: Evidence, lines: Iterable[str]) -> tuple[Finding, ...]:
    """One finding for each thing that the lines complain about and that the original has."""
    found: dict[str, Finding] = {}
    for line in lines:
        for pattern, reader in _PATTERNS:
            for match in pattern.finditer(line):
                item = reader(evidence, match[1].strip("'\"`’"))
                if item is not None:
                    found.setdefault(item.text, item)
    return tuple(found.values())


def _library(evidence: Evidence, name: str) -> Finding | None:
    machine = next((elf.machine for elf in evidence.before.image.elves.values()), "")
    place = Linker(evidence.before).loads(posixpath.basename(name), machine)
    if place is None:
        return None
    return lost(evidence, LIBRARY, f"the program says that {name} is missing", place)


def _command(evidence: Evidence, name: str) -> Finding | None:
    real = evidence.before.command(name)
    if real is None or evidence.after.command(name) is not None:
        return None
    return finding(evidence, COMMAND, f"the program says that {name} is missing", real, command=name)


def _file(evidence: Evidence, name: str) -> Finding | None:
    path = posixpath.normpath(posixpath.join(evidence.before.workdir, name))
    if evidence.before.entry(path) is None or evidence.after.entry(path) is not None:
        return None
    return finding(evidence, FILE, f"the program says that {path} is missing", path)


def _file_or_command(evidence: Evidence, name: str) -> Finding | None:
    return _file(evidence, name) or _command(evidence, name)


def _module(evidence: Evidence, name: str) -> Finding | None:
    """A Python or Node module: the directory that has it, wherever the original looks."""
    top = "/".join(name.split("/")[: 2 if name.startswith("@") else 1]) if "/" in name else name.split(".")[0]
    if top.startswith((".", "/")):
        return _file(evidence, top)
    for path in _module_places(evidence, top):
        if evidence.after.entry(path) is None:
            text = f"the program says that the module {name} is missing"
            need = Constraint(need="path", value=path, because=text)
            return Finding(code=MODULE, text=text, path=path, constraints=(need,))
    return None


def _module_places(evidence: Evidence, name: str) -> Iterator[str]:
    suffixes = (f"/node_modules/{name}", *(f"-packages/{name}{end}" for end in ("", ".py")))
    for entry in evidence.before.files.walk():
        if entry.path.endswith(suffixes):
            yield entry.path


def _glibc(evidence: Evidence, version: str) -> Finding:
    text = f"the program wants GLIBC_{version}, which the new base image is too old for"
    return Finding(code=LIBC, text=text, constraints=(Constraint(need="glibc", value=version, because=text),))


_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"version [`'‘]GLIBC_([0-9.]+)['’] not found", _glibc),
        (r"loading shared libraries: ([^\s:]+): cannot open", _library),
        (r"([^\s:'\"]+\.so[.0-9]*): cannot open shared object file", _library),
        (r"Error loading shared library ([^\s:]+):", _library),
        (r"ModuleNotFoundError: No module named ('[^']+')", _module),
        (r"ImportError: No module named (\S+)", _module),
        (r"Cannot find (?:module|package) ('[^']+')", _module),
        (r"exec: (\"[^\"]+\"): executable file not found", _command),
        (r"exec: (\"[^\"]+\"): stat \S+: no such file", _command),
        (r"(?:^|[\s:])([\w./+-]+): (?:command )?not found", _command),
        (r"spawn (\S+) ENOENT", _command),
        (r"FileNotFoundError: \[Errno 2\] No such file or directory: ('[^']+')", _file_or_command),
        (r"ENOENT: no such file or directory, \w+ ('[^']+')", _file),
        (r"(?:open|stat) (\S+): no such file or directory", _file),
        (r"pattern matches no files: [`'\"]([^`'\"*]+)/", _file),
        (r"(?:can't open|cannot access|Cannot open) (?:file )?('[^']+')", _file),
    )
)
