"""What `scan` is pointed at → pieces of work, in an order that does not change."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from slimify.app import locate
from slimify.model.errors import SlimifyError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:")


class Work(Struct, frozen=True):
    """One Dockerfile of a directory, or (`file` empty) all of a repository that has to be cloned first.

    `repository` is the directory or the address as it was given.
    """

    repository: str
    file: str = ""

    @property
    def key(self) -> str:
        """What it is known by in the results: the same in every run."""
        return f"{self.repository}\t{self.file}"


def works(paths: Iterable[str]) -> Iterator[Work]:
    """The work in Dockerfiles, directories, addresses, and files that list these, one a line (`#` begins a
    comment).

    A directory is searched for git repositories; one without any is a repository itself. Raises
    SlimifyError for a path that is not there.
    """
    seen: set[Work] = set()
    for path in paths:
        for work in _named(path):
            if work not in seen:
                seen.add(work)
                yield work


def _named(path: str) -> Iterator[Work]:
    if _ADDRESS.match(path):
        yield Work(path)
    elif Path(path).is_dir() or locate.is_dockerfile(Path(path).name):
        yield from _directory(path)
    else:
        yield from _listed(path)


def _listed(path: str) -> Iterator[Work]:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SlimifyError(
            locate.NOT_READABLE,
            f"{path} is neither a directory nor a list of repositories that can be read",
            hint="a list has a directory or the address of a git repository on each line",
        ) from error
    for line in lines:
        entry = line.partition("#")[0].strip()
        if _ADDRESS.match(entry):
            yield Work(entry)
        elif entry:
            yield from _directory(os.path.join(os.path.dirname(path), entry))


def _directory(path: str) -> Iterator[Work]:
    try:
        targets = locate.targets(path)
    except SlimifyError:
        yield Work(path, ".")  # a row that says that there is none
        return
    top = Path(path).parent if Path(path).is_file() else Path(path)
    roots: dict[Path, bool] = {}
    for target in targets:
        yield Work(_repository(target.directory, top, roots), target.name)


def _repository(directory: Path, top: Path, roots: dict[Path, bool]) -> str:
    """The innermost directory with a `.git` between the file and the top; the top, where there is none."""
    for place in (directory, *directory.parents):
        if roots.setdefault(place, (place / ".git").exists()) or place == top:
            return str(place)
    return str(top)


def share(work: Work, index: int, count: int) -> bool:
    """Whether it belongs to part `index` (from 1) of `count`. By digest of the repository, so that what
    is added or goes moves nothing else, and the files of a repository stay together."""
    return int.from_bytes(_digest(work)[:8], "big") % count == index - 1


def one_of(names: Sequence[str], work: Work) -> str:
    """One of several, the same for all of a repository, whatever part it is in."""
    return names[int.from_bytes(_digest(work)[8:16], "big") % len(names)]


def _digest(work: Work) -> bytes:
    return hashlib.sha256(os.path.normpath(work.repository).encode("utf-8", "surrogateescape")).digest()
