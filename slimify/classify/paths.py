"""Questions about absolute image paths."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

# Directories that no step owns: a tree is never widened to one of them.
BROAD = frozenset(
    """/ /bin /boot /dev /etc /go /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp
    /usr /usr/bin /usr/include /usr/lib /usr/local /usr/local/bin /usr/local/lib /usr/local/share /usr/sbin
    /usr/share /usr/src /var /var/cache /var/lib /var/log /var/run /var/tmp /var/www""".split()
)
# What lies there is never needed after the build.
SCRATCH = ("/tmp", "/var/tmp", "/var/lib/apt/lists", "/var/cache", "/dev", "/proc", "/sys")


def inside(path: str, directory: str) -> bool:
    """`path` is `directory` or lies below it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def touches(one: str, other: str) -> bool:
    """One of the two contains the other."""
    return inside(one, other) or inside(other, one)


def inside_any(path: str, directories: Iterable[str]) -> bool:
    return any(inside(path, directory) for directory in directories)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that lie in no other one, in order of appearance."""
    unique = tuple(dict.fromkeys(paths))
    return tuple(p for p in unique if not any(p != other and inside(p, other) for other in unique))


def joined(base: str | None, path: str) -> str | None:
    """`path` seen from the directory `base`, normalised; None if it depends on an unknown directory."""
    if path.startswith("/"):
        return "/" + posixpath.normpath(path).lstrip("/")
    return posixpath.normpath(posixpath.join(base, path)) if base is not None else None
