"""The root of sources without version control: an unpacked archive, or a copy without its `.git`.

A directory above the build context is taken for it if a Compose or bake file there builds the context. Only
directories of the user are searched: those above have the owner of the context, nobody else may write to
them, and a home directory and what is above it are never read.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from slimify.context.compose.bake import bake_targets
from slimify.context.compose.yaml_commands import build_contexts
from slimify.context.directory_walk import file_size, files_below
from slimify.context.scan import Context, clean
from slimify.context.yaml_nodes import MAX_BYTES

_BUILD_FILE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml|docker-bake(?:\.override)?\.(?:hcl|json)")
_MAX_ABOVE = 3  # directories above the context that are searched
_MAX_FILES = 20  # that are read in each


def unversioned_root(directory: Path) -> Path | None:
    """The nearest directory above with a file that builds this context; None if there is none."""
    for above in directory.parents[:_MAX_ABOVE]:
        if not _belongs_to_user(above, directory):
            return None
        if directory.relative_to(above).as_posix() in _built_contexts(above):
            return above
    return None


def _belongs_to_user(above: Path, directory: Path) -> bool:
    try:
        info, own = above.stat(), directory.stat()
    except OSError:
        return False
    home = Path(os.path.expanduser("~"))
    outside = above == Path(above.anchor) or home == above or above in home.parents
    return not outside and info.st_uid == own.st_uid and not info.st_mode & stat.S_IWOTH


def _built_contexts(directory: Path) -> set[str]:
    """The directories that the Compose and bake files of a directory build from."""
    found = (entry for _, entry in files_below(str(directory), "", 0) if _BUILD_FILE.fullmatch(entry.name))
    sizes = {e.name: size for e in islice(found, _MAX_FILES) if (size := file_size(e)) is not None}
    files = Context(root=directory, files=dict(sorted(sizes.items())))
    return {clean(posixpath.normpath(place)) for path in files.files for place in _contexts(files, path)}


def _contexts(files: Context, path: str) -> Iterator[str]:
    if path.endswith((".yml", ".yaml")):
        return build_contexts(files, path)
    return (target.context for target in bake_targets(path, files.text(path, MAX_BYTES) or ""))
