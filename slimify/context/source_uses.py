"""Shared by the source readers: collects uses, and finds programs in command lines.

A reader evaluates expressions statically; parts known only at run time become `UNKNOWN` within the
string, so `f"ffmpeg -i {name}"` still names its program.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct, field

from slimify.facts.language_files import all_files
from slimify.facts.shells import Wrapper, is_builtin, is_shell, wrapper
from slimify.model.sources import SourceFacts, Use
from slimify.syntax.shell.script import read

UNKNOWN = "\0"
HERE = "\1"  # at the start of a path: the root of the build context
_ARGUMENT = '"$_"'  # for a shell: a part that only run time knows
MAX_FILE = 1_000_000  # characters; larger files are generated bundles
_MAX_SHELL = 20_000


def words(text: str) -> frozenset[str]:
    """The words of a table written as one string."""
    return frozenset(text.split())


_XARGS = "InPLsEda"  # its short options that take a value
_INDIRECT = frozenset({"eval", "source", "."})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_MARK = "\ue000"  # for UNKNOWN in text that is parsed
_EXPANSION = re.compile(r"\$\(.*\)|`[^`]*`|\$\{[^}]*\}|\$[\w@*#?$!-]", re.DOTALL)
_QUOTES = re.compile("[\"']")


class Collector(Struct):
    """Collects the uses in one file. Duplicates on a line count once."""

    file: str
    imports: dict[Use, None] = field(default_factory=dict)
    commands: dict[Use, None] = field(default_factory=dict)
    started: dict[Use, None] = field(default_factory=dict)
    libraries: dict[Use, None] = field(default_factory=dict)
    paths: dict[Use, None] = field(default_factory=dict)
    dynamic: dict[Use, None] = field(default_factory=dict)
    mentioned: dict[Use, None] = field(default_factory=dict)
    computed: dict[Use, None] = field(default_factory=dict)
    features: set[str] = field(default_factory=set)

    def use(self, name: str, line: int) -> Use:
        return Use(name=name, file=self.file, line=line)

    def add_import(self, name: str, line: int) -> None:
        if name and UNKNOWN not in name:
            self.imports[self.use(name, line)] = None

    def add_library(self, name: str, line: int, what: str) -> None:
        """Add a library loaded by name. An unknown name adds a `dynamic` use of its loader."""
        if UNKNOWN in name:
            self.dynamic[self.use(what, line)] = None
        elif name:
            self.libraries[self.use(name, line)] = None

    def add_path(self, name: str, line: int) -> None:
        """Add a file that is opened. If only the start of its name is known, its directory counts.

        An unknown name, or the working directory itself, makes the use a computed one.
        """
        known = constant_path(name)
        if known:
            self.paths[self.use(known, line)] = None
        elif UNKNOWN in name or not context_path(name).strip("./"):
            self.computed[self.use("", line)] = None

    def add_argv(self, argv: Sequence[str], line: int, what: str) -> None:
        """Add a program started with an argument list. `what` names the calling function."""
        self._programs(*programs(argv), line, what)
        self._start(
            " ".join(_ARGUMENT.join(map(shlex.quote, context_path(w).split(UNKNOWN))) for w in argv), line
        )

    def add_shell(self, text: str, line: int, what: str) -> None:
        """Add the programs started by `/bin/sh -c text`."""
        names, dynamic = shell_programs(text)
        self._programs(["sh", *names], dynamic, line, what)
        self._start(text.replace(UNKNOWN, _ARGUMENT), line)

    def _start(self, text: str, line: int) -> None:
        self.started[self.use(text, line)] = None

    def _programs(self, names: Iterable[str], dynamic: bool, line: int, what: str) -> None:
        for name in names:
            if name := context_path(name):
                self.commands[self.use(name, line)] = None
        if dynamic:
            self.dynamic[self.use(what, line)] = None

    def facts(self) -> SourceFacts:
        return SourceFacts(
            imports=tuple(self.imports),
            commands=tuple(self.commands),
            started=tuple(self.started),
            libraries=tuple(self.libraries),
            paths=tuple(self.paths),
            dynamic=tuple(self.dynamic),
            mentioned=tuple(self.mentioned),
            computed=tuple(self.computed),
            features=frozenset(self.features),
        )


def merge(parts: Iterable[SourceFacts]) -> SourceFacts:
    """The facts of several files combined."""
    parts = tuple(parts)
    return SourceFacts(
        imports=tuple(u for p in parts for u in p.imports),
        commands=tuple(u for p in parts for u in p.commands),
        started=tuple(u for p in parts for u in p.started),
        libraries=tuple(u for p in parts for u in p.libraries),
        paths=tuple(u for p in parts for u in p.paths),
        dynamic=tuple(u for p in parts for u in p.dynamic),
        mentioned=tuple(u for p in parts for u in p.mentioned),
        computed=tuple(u for p in parts for u in p.computed),
        features=frozenset(f for p in parts for f in p.features),
        skipped=tuple(f for p in parts for f in p.skipped),
    )


def argument_lists(alternatives: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Argument lists from the possible values of each argument. Every value occurs at least once;
    combinations are not enumerated."""
    first = tuple(values[0] if values else UNKNOWN for values in alternatives)
    yield first
    for index, values in enumerate(alternatives):
        for value in values[1:]:
            yield (*first[:index], value, *first[index + 1 :])


def constant_path(name: str) -> str:
    """The known part of a file name: the whole name, or the directory before the first unknown part.

    A directory ends in "/". Returns "" if nothing is known, or for text that is not a file name (a
    URL, several lines).
    """
    name = context_path(name.removeprefix("file://"))
    if "\n" in name or "://" in name or len(name) > 1000:
        return ""
    known, unknown, _ = name.partition(UNKNOWN)
    if unknown:
        directory = known.rpartition("/")[0]
        return f"{directory}/" if directory.strip("./") else ""
    return name if name.strip("./") else ""


def directory_marker(file: str) -> str:
    """The directory of `file` as it appears in an evaluated path."""
    return posixpath.join(HERE, posixpath.dirname(file)).rstrip("/")


def relative_to_file(file: str, name: str) -> str:
    """The context path of `name`, which is relative to the directory of `file`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), name))


def context_path(name: str) -> str:
    """The context path of a name that is based on its source file's directory; "" if it is outside.

    Other names are returned unchanged.
    """
    if not name.startswith(HERE):
        return name
    root, _, rest = normalized_path(name).partition("/")
    return rest + "/" if rest and name.endswith("/") else rest if root == HERE else ""


def normalized_path(path: str) -> str:
    """The path without `.` and `..`, or UNKNOWN if it is outside the context."""
    shorter = posixpath.normpath(path)
    return UNKNOWN if path.startswith(HERE) and not shorter.startswith(HERE) else shorter


def programs(argv: Sequence[str], depth: int = 0) -> tuple[list[str], bool]:
    """The programs that an argument list starts, and whether any is not constant.

    Follows wrappers such as `sudo` and `env`, and `sh -c TEXT`. A script run by a shell counts as a
    program. An empty list gives `[]` and True.
    """
    if not argv or not argv[0].strip():
        return [], True
    first = argv[0]
    base = first.rpartition("/")[2]
    if UNKNOWN in first:
        return ([] if UNKNOWN in base or not base else [base]), True
    if depth > 4:
        return [first], False
    known = _wrapper(base)
    if is_shell(base):
        names, dynamic = _shell_arguments(argv[1:], depth)
    elif known is not None:
        names, dynamic = _wrapped(known, argv[1:], depth)
    else:
        names, dynamic = [], False
    return names if known is not None and is_builtin(first) else [first, *names], dynamic


def _shell_arguments(arguments: Sequence[str], depth: int) -> tuple[list[str], bool]:
    text = False
    for word in arguments:
        if word.startswith("-") and len(word) > 1:
            text = text or ("c" in word and not word.startswith("--"))
        elif text:
            return shell_programs(word, depth + 1)
        else:
            return ([], True) if UNKNOWN in word else ([word], False)
    return [], text


def _wrapper(name: str) -> Wrapper | None:
    return Wrapper(valued=_starters()[name]) if name in _starters() else wrapper(name)


@cache
def _starters() -> Mapping[str, str]:
    """Programs that run the command in their arguments and are not shell wrappers, with the short options
    that take a value."""
    return {"xargs": _XARGS} | {name: valued for one in all_files() for name, valued in one.starts.items()}


def _wrapped(known: Wrapper, arguments: Sequence[str], depth: int) -> tuple[list[str], bool]:
    operands = known.operands
    value = False
    for index, word in enumerate(arguments):
        if value:
            value = False
        elif word.startswith("-"):
            value = word in known.valued_long or (len(word) == 2 and word[1] in known.valued)
        elif operands:
            operands -= 1
        elif not _ASSIGNMENT.match(word):
            return programs(arguments[index:], depth + 1)
    return [], False


def shell_programs(text: str, depth: int = 0) -> tuple[list[str], bool]:
    """The programs that shell text starts, and whether any is not constant, as in text that cannot be read.

    Builtins do not count.
    """
    script = read(text[:_MAX_SHELL].replace(UNKNOWN, _MARK))
    names: list[str] = []
    dynamic = bool(script.opaque) or len(text) > _MAX_SHELL
    for command in script.commands:
        words = [w.text if w.value is None else w.value for w in command.words]
        words = [_QUOTES.sub("", _EXPANSION.sub(UNKNOWN, w.replace(_MARK, UNKNOWN))) for w in words]
        if words and is_builtin(words[0]) and wrapper(words[0]) is None:
            dynamic = dynamic or words[0] in _INDIRECT
        elif words:
            found, unknown = programs(words, depth + 1)
            names += found
            dynamic = dynamic or unknown
    return list(dict.fromkeys(names)), dynamic
