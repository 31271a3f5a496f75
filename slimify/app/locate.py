"""Paths of the command line → Dockerfiles, and the build context of each."""

from __future__ import annotations

import fnmatch
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from slimify import config
from slimify.model.errors import SlimifyError

NOT_READABLE = "SL901"

PATTERNS = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile")
_STDIN = "-"
_BESIDE = re.compile(
    r"(?:docker-)?compose[\w.-]*\.ya?ml|.*\.(?:dockerignore|md)|\.env.*|\.git(?:keep|ignore)"
)


class Target(Struct, frozen=True, kw_only=True):
    """One Dockerfile to work on: `name` as the user would write it, `path` None for standard input."""

    name: str
    path: Path | None

    @property
    def directory(self) -> Path:
        """Where its settings and its context are looked for: what holds the file, links not followed."""
        return Path() if self.path is None else self.path.parent


Name = str | os.PathLike[str]
Job = tuple[Target, SlimifyError | None]


def find(paths: list[str] | None) -> Iterator[Job]:
    """Each Dockerfile of the paths once, in their order; an error instead for a path without any."""
    seen = set()
    for path in paths or ["Dockerfile"]:
        try:
            for target in targets(path):
                if target.name not in seen:
                    yield target, None
                seen.add(target.name)
        except SlimifyError as error:
            yield Target(name=path, path=Path(path)), error


def named(path: Name) -> Job:
    """The one Dockerfile of a path that a program names."""
    return Target(name=os.fspath(path), path=Path(path)), None


def targets(path: str) -> tuple[Target, ...]:
    """The Dockerfiles that `path` stands for: itself, `-`, or all in a directory, sorted.

    Directories of other people's code, hidden ones and symbolic links are not entered.
    Raises SlimifyError where there is none.
    """
    if path == _STDIN:
        return (Target(name=_STDIN, path=None),)
    if not Path(path).is_dir():
        return (Target(name=path, path=Path(path)),)
    found = tuple(Target(name=str(file), path=file) for file in sorted(_search(Path(path))))
    if not found:
        raise SlimifyError(
            NOT_READABLE,
            "no Dockerfile in this directory",
            hint=f"looked for {', '.join(PATTERNS)}, also in subdirectories",
        )
    return found


def read(target: Target) -> bytes:
    """The bytes of a Dockerfile. Raises SlimifyError where it cannot be read."""
    if target.path is None:
        return sys.stdin.buffer.read()
    try:
        return target.path.read_bytes()
    except FileNotFoundError:
        hint = "name a Dockerfile, or a directory to search: slimify rewrite ."
        raise SlimifyError(NOT_READABLE, "no such file", hint=hint) from None
    except OSError as error:
        raise SlimifyError(NOT_READABLE, f"cannot read the file: {error.strerror}") from error


def build_context(target: Target, data: bytes) -> tuple[Path | None, str]:
    """The directory `docker build` would be given for a Dockerfile, and a remark ("" for the usual case).

    That is the directory of the file. Where what it copies is not there, but all of it is in a
    directory above, inside the same repository, it is that one: `docker build -f docker/Dockerfile .`
    is as common. So it is where it copies the whole directory, in which nothing lies but files of Docker's,
    and the project above. Standard input has no context.
    """
    if target.path is None:
        return None, ""
    own = target.directory
    sources = _copied(data)
    bare = _bare(own) and any(os.path.normpath(source) == "." for source in sources)
    if not bare and all(_resolves(own, source) for source in sources):
        return own, ""
    for directory in config.ancestors(own)[1:]:
        if all(_resolves(directory, source) for source in sources) and (not bare or _is_project(directory)):
            shown = os.path.relpath(directory)
            return directory, f"the build context is assumed to be {shown}, which contains the copied files"
    return own, ""


def _bare(directory: Path) -> bool:
    """Whether a directory holds files of Docker's and texts for people only."""
    try:
        names = os.listdir(directory)
    except OSError:
        return False
    return all(is_dockerfile(n) or _BESIDE.fullmatch(n.lower()) for n in names)


def _is_project(directory: Path) -> bool:
    from slimify.languages import languages

    return any((directory / name).is_file() for known in languages() for name in known.markers)


def _search(root: Path) -> Iterator[Path]:
    from slimify.facts.language_files import all_files

    skipped = {name for one in all_files() for name in one.vendored}
    for directory, subdirectories, files in os.walk(root):
        subdirectories[:] = [d for d in subdirectories if not d.startswith(".") and d not in skipped]
        for name in files:
            path = Path(directory, name)
            if is_dockerfile(name) and not path.is_symlink():
                yield path


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is one that a search finds."""
    if name.startswith(".") or name.endswith(".dockerignore"):
        return False
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in PATTERNS)


def _copied(data: bytes) -> tuple[str, ...]:
    """What COPY and ADD take from the context by a name that is plain text."""
    from slimify.syntax.dockerfile import parser

    try:
        parsed = parser.parse(data)
    except SlimifyError:
        return ()  # whoever parses it for good will report it
    sources: list[str] = []
    for instruction in parsed.instructions:
        if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from") is not None:
            continue
        words = instruction.exec_form or tuple(instruction.value.split())
        sources += (w for w in words[:-1] if not w.startswith("<<") and "://" not in w and "$" not in w)
    return tuple(source for source in sources if not source.startswith("git@"))


def _resolves(directory: Path, source: str) -> bool:
    """Whether a COPY source is in `directory`; like Docker, `..` does not lead out of it."""
    relative = os.path.normpath(f"/{source}").lstrip("/")
    try:
        if any(char in relative for char in "*?["):
            return "**" in relative or any(directory.glob(relative))
        return (directory / relative).exists()
    except (OSError, ValueError):  # a name no file system takes
        return False
