"""Shared by the source readers: collects uses.

A reader evaluates expressions statically; parts known only at run time become `UNKNOWN` within the
string, so `f"ffmpeg -i {name}"` still names its program.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from slimify.facts.system import in_package_tree
from slimify.model.sources import SourceFacts, Use

UNKNOWN = "\0"
HERE = "\1"  # at the start of a path: the root of the build context
ARGUMENT = '"$_"'  # for a shell: a part that only run time knows
MAX_FILE = 1_000_000  # characters; larger files are generated bundles


class Helper(Struct, frozen=True):
    """A function that starts the program, or the shell text, that it is given: its name, and the name and
    position of the parameter."""

    name: str
    parameter: str
    position: int


class Collector(Struct):
    """Collects the uses in one file. Duplicates on a line count once."""

    file: str
    imports: dict[Use, None] = field(default_factory=dict)
    commands: dict[Use, None] = field(default_factory=dict)
    started: dict[Use, None] = field(default_factory=dict)
    libraries: dict[Use, None] = field(default_factory=dict)
    paths: dict[Use, None] = field(default_factory=dict)
    dynamic: dict[Use, None] = field(default_factory=dict)
    computed: dict[Use, None] = field(default_factory=dict)
    features: set[str] = field(default_factory=set)
    helpers: dict[Helper, None] = field(default_factory=dict)

    def use(self, name: str, line: int) -> Use:
        return Use(name=name, file=self.file, line=line)

    def add_import(self, name: str, line: int) -> None:
        if name and UNKNOWN not in name:
            self.imports[self.use(name, line)] = None

    def add_library(self, name: str, line: int, what: str) -> None:
        """Add a library loaded by name, or by the path at which packages install it. An unknown name adds a
        `dynamic` use of its loader."""
        if UNKNOWN in name:
            self.dynamic[self.use(what, line)] = None
        elif name:
            own = posixpath.basename(name) if in_package_tree(name) else name
            self.libraries[self.use(own, line)] = None

    def add_path(self, name: str, line: int) -> None:
        """Add a file that is opened. If only the start of its name is known, its directory counts.

        An unknown name, or the working directory itself, makes the use a computed one.
        """
        known = constant_path(name)
        if known:
            self.paths[self.use(known, line)] = None
        elif UNKNOWN in name or not context_path(name).strip("./"):
            self.computed[self.use("", line)] = None

    def add_argv(self, argv: Sequence[str], line: int) -> None:
        """Add a program started with an argument list."""
        words = (ARGUMENT.join(map(shlex.quote, context_path(w).split(UNKNOWN))) for w in argv or (UNKNOWN,))
        self.started[self.use(" ".join(words), line)] = None

    def add_shell(self, text: str, line: int) -> None:
        """Add the programs started by `/bin/sh -c text`."""
        self.commands[self.use("sh", line)] = None
        self.started[self.use(text.replace(UNKNOWN, ARGUMENT).replace(f"{HERE}/", ""), line)] = None

    def facts(self) -> SourceFacts:
        return SourceFacts(
            features=frozenset(self.features), **{kind: tuple(getattr(self, kind)) for kind in _COLLECTED}
        )


# Of thousands of files: looking into annotations for each of them would cost more than reading them.
_COLLECTED = tuple(
    name for name in Collector.__struct_fields__ if name not in ("file", "features", "helpers")
)
_KINDS = tuple(name for name in SourceFacts.__struct_fields__ if name != "features")


def merge(parts: Iterable[SourceFacts]) -> SourceFacts:
    """The facts of several files combined."""
    parts = tuple(parts)
    return SourceFacts(
        features=frozenset(f for p in parts for f in p.features),
        **{kind: tuple(use for p in parts for use in getattr(p, kind)) for kind in _KINDS},
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
