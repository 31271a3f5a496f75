"""Turns the arguments of `scan` into work items, in a stable order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from slimify.app import locate
from slimify.config.read_file import read_file
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex
from slimify.publish.remote import without_login

_MAX_LIST = 10_000_000  # bytes of a list of repositories
_ADDRESS = regex(r"[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:")


class WorkItem(Struct, frozen=True):
    """One Dockerfile of a directory, or, with an empty `file`, all Dockerfiles of a repository to clone.

    `repository` is the directory or URL as given by the user.
    """

    repository: str
    file: str = ""

    @property
    def key(self) -> str:
        """The identity of the item in the results file, stable between runs."""
        return f"{self.name}\t{self.file}"

    @property
    def name(self) -> str:
        """The directory or URL as rows name it, without user name and password."""
        return without_login(self.repository)


def work_items(paths: Iterable[str], exclude: Sequence[str] = ()) -> Iterator[WorkItem]:
    """The work items of Dockerfiles, directories, URLs, and files that list these, one per line (`#` starts a
    comment).

    A directory is searched for Git repositories; without any, it counts as one. For `exclude` see
    `locate.find`. Raises SlimifyError for a missing path.
    """
    seen: set[WorkItem] = set()
    for path in paths:
        for item in _from_path(path, exclude):
            if item not in seen:
                seen.add(item)
                yield item


def _from_path(path: str, exclude: Sequence[str]) -> Iterator[WorkItem]:
    if _ADDRESS.match(path):
        yield WorkItem(path)
    elif Path(path).is_dir() or locate.is_dockerfile(Path(path).name):
        yield from _from_directory(path, exclude)
    else:
        yield from _from_list(path, exclude)


def _from_list(path: str, exclude: Sequence[str]) -> Iterator[WorkItem]:
    try:
        lines = read_file(Path(path), _MAX_LIST).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SlimifyError(
            locate.NOT_READABLE,
            f"{path} is neither a directory nor a readable list of repositories",
            hint="a list has a directory or the URL of a Git repository on each line",
        ) from error
    for line in lines:
        entry = line.partition("#")[0].strip()
        if _ADDRESS.match(entry):
            yield WorkItem(entry)
        elif entry:
            yield from _from_directory(os.path.join(os.path.dirname(path), entry), exclude)


def _from_directory(path: str, exclude: Sequence[str]) -> Iterator[WorkItem]:
    try:
        targets = locate.targets(path, exclude)
    except SlimifyError:
        yield WorkItem(path, ".")  # becomes a row without a Dockerfile
        return
    top = Path(path).parent if Path(path).is_file() else Path(path)
    roots: dict[Path, bool] = {}
    for target in targets:
        yield WorkItem(_repository(target.directory, top, roots), target.name)


def _repository(directory: Path, top: Path, roots: dict[Path, bool]) -> str:
    """The innermost directory with a `.git`, from the file's directory up to `top`; else `top`."""
    for place in (directory, *directory.parents):
        if roots.setdefault(place, (place / ".git").exists()) or place == top:
            return str(place)
    return str(top)


def is_in_part(item: WorkItem, index: int, count: int) -> bool:
    """Whether the item belongs to part `index` (from 1) of `count`. The part follows from a digest of the
    repository: adding or removing one moves no other, and its files are never separated."""
    return int.from_bytes(_digest(item)[:8], "big") % count == index - 1


def stable_choice(names: Sequence[str], item: WorkItem) -> str:
    """One of `names`, the same for all files of a repository and independent of its part."""
    return names[int.from_bytes(_digest(item)[8:16], "big") % len(names)]


def _digest(item: WorkItem) -> bytes:
    return hashlib.sha256(os.path.normpath(item.repository).encode("utf-8", "surrogateescape")).digest()
