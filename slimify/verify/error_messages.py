"""Finds what is missing from the error messages that a program prints.

The patterns cover the messages of glibc's and musl's loaders, common shells, execve through Docker's runtime,
and interpreters with their usual libraries. Only lines that the original does not print are read, and only
what the original has and the rewritten image lacks is reported, so patterns may match too much.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice

from slimify.facts import load
from slimify.facts.language_files import all_files
from slimify.model.regex import regex
from slimify.verify.disk.evidence import Evidence, missing_finding
from slimify.verify.disk.libraries import missing_library
from slimify.verify.disk.linker import Linker
from slimify.verify.model import Constraint, Finding, missing_path

LIBRARY, COMMAND, FILE, MODULE, LIBC = "SL550", "SL551", "SL552", "SL553", "SL554"

_MAX_COMPLAINTS = 200  # a program that prints more repeats itself
_Reader = Callable[[Evidence, str], Finding | None]


def missing_parts(evidence: Evidence, lines: Iterable[str]) -> tuple[Finding, ...]:
    """One finding for each thing that `lines` report as missing and that only the original has."""
    found: dict[str, Finding] = {}
    complaints = dict.fromkeys(one for line in dict.fromkeys(lines) for one in _complaints_in(line))
    for name, reader in islice(complaints, _MAX_COMPLAINTS):
        item = reader(evidence, name)
        if item is not None:
            found.setdefault(item.path or item.text, item)
    return tuple(found.values())


def _complaints_in(line: str) -> Iterator[tuple[str, _Reader]]:
    """The names that a line reports as missing, each with the function that looks it up."""
    for pattern, reader in _patterns():
        for match in pattern.finditer(line):
            yield match[1].strip("'\"`‘’“”"), reader
    if _FAILURE_WORDS.search(line):
        for match in _PATH.finditer(line):
            yield match[0].rstrip(".:"), _file


def _library(evidence: Evidence, name: str) -> Finding | None:
    machine = next((elf.machine for elf in evidence.before.image.elves.values()), "")
    place = Linker(evidence.before).loads(posixpath.basename(name), machine)
    if place is None:
        return None
    return missing_library(evidence, LIBRARY, f"the program reports that {name} is missing", place)


def _command(evidence: Evidence, name: str) -> Finding | None:
    real = evidence.before.command(name)
    if real is None or evidence.after.command(name) is not None:
        return None
    return missing_finding(
        evidence, COMMAND, f"the program reports that {name} is missing", real, command=name
    )


def _file(evidence: Evidence, name: str) -> Finding | None:
    path = posixpath.normpath(posixpath.join(evidence.before.workdir, name))
    if evidence.before.entry(path) is None or evidence.after.entry(path) is not None:
        return None
    return missing_finding(evidence, FILE, f"the program reports that {path} is missing", path)


def _file_or_command(evidence: Evidence, name: str) -> Finding | None:
    return _file(evidence, name) or _command(evidence, name)


def _module(evidence: Evidence, name: str) -> Finding | None:
    """A module of an interpreter, looked up in all module directories of the original."""
    if name.startswith((".", "/")):
        endings = ("", *(ending for one in all_files() for ending in one.module_endings))
        return next((item for end in endings if (item := _file(evidence, name + end))), None)
    top = "/".join(name.split("/")[: 2 if name.startswith("@") else 1]) if "/" in name else name.split(".")[0]
    for path in _module_places(evidence, top):
        if evidence.after.entry(path) is None:
            text = f"the program reports that the module {name} is missing"
            return missing_path(MODULE, path, text)
    return None


def _module_places(evidence: Evidence, name: str) -> Iterator[str]:
    suffixes = tuple(place.format(name) for one in all_files() for place in one.modules)
    for entry in evidence.before.files.walk():
        if entry.path.endswith(suffixes):
            yield entry.path


def _by_suffix(evidence: Evidence, name: str) -> Finding | None:
    """A template or a Perl module, looked up by the end of its path."""
    for entry in evidence.before.files.walk():
        if entry.path.endswith(f"/{name}") and (item := _file(evidence, entry.path)):
            return item
    return None


def _zone(evidence: Evidence, name: str) -> Finding | None:
    return _file(evidence, f"/usr/share/zoneinfo/{name}")


def _certificates(evidence: Evidence, name: str) -> Finding | None:
    found = (_file(evidence, path) for path in ("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"))
    return next((item for item in found if item), None)


def _glibc(evidence: Evidence, version: str) -> Finding:
    text = f"the program requires GLIBC_{version}, but glibc of the new base image is older"
    return Finding(code=LIBC, text=text, constraints=(Constraint(need="glibc", value=version, reason=text),))


def _libstdcxx(evidence: Evidence, version: str) -> Finding:
    """No setting expresses libstdc++ versions, so the next plan uses a larger base image."""
    text = f"the program requires {version}, but libstdc++ of the new base image is older"
    return Finding(code=LIBC, text=text)


_FAILURE_WORDS = regex(
    r"no such file|not found|ENOENT|does ?n[o']t exist|is missing|unable to|could ?n[o']t|can(?:no|')t"
    r"|failed to|not a (?:directory|file)|is not installed|pattern matches no files",
    re.IGNORECASE,
)
_PATH = regex(r"(?<![\w./@+-])(?:/|\.{1,2}/|[\w@+-][\w.@+-]*/)[\w./@+-]*[\w@+-]")

_LOADED = (_library, _glibc, _libstdcxx, _module, _by_suffix)
_FOUND = (_command, _file, _file_or_command, _zone, _certificates)
_READERS: Mapping[str, _Reader] = {found.__name__.removeprefix("_"): found for found in (*_LOADED, *_FOUND)}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], _Reader], ...]:
    rows = load("messages.toml")["missing"]
    return tuple((re.compile(text), _READERS[row["what"]]) for row in rows for text in row["messages"])
