"""Directories that belong to an image's system, the default PATH, the C library.

Two kinds of question: `…_directory` and `exists_…` ask about one directory itself, the others about a path
and all that lies above it. Paths are absolute and normalised.
"""

from __future__ import annotations

from functools import cache

from slimify.facts import load


@cache
def _words(kind: str, name: str) -> tuple[str, ...]:
    return tuple(load("system.toml")[kind][name].split())


@cache
def _directories(*names: str) -> frozenset[str]:
    return frozenset(path for name in names for path in _words("directory", name))


@cache
def _trees(*kinds: str) -> tuple[frozenset[str], tuple[str, ...]]:
    found = [tree for kind in kinds for tree in _words("tree", kind)]
    return frozenset(found), tuple(f"{tree}/" for tree in found)


def _below(path: str, *kinds: str) -> bool:
    trees, prefixes = _trees(*kinds)
    return path in trees or path.startswith(prefixes)


# --- PATH -----------------------------------------------------------------------------------------


def default_path() -> str:
    """The PATH of an image that sets none."""
    return str(load("system.toml")["path"])


@cache
def _default_directories() -> frozenset[str]:
    return frozenset(default_path().split(":"))


def on_default_path(directory: str) -> bool:
    """Whether programs of a directory are found in an image that sets no PATH."""
    return directory in _default_directories()


def holds_programs(directory: str) -> bool:
    """Whether packages of a system put programs into a directory."""
    return on_default_path(directory) or directory in _directories("programs")


# --- single directories ---------------------------------------------------------------------------


def is_system_directory(path: str) -> bool:
    """Whether an image fills this directory itself: copied whole it would replace another image's."""
    return path in _directories("system")


def is_project_directory(path: str) -> bool:
    """Whether base images leave this standard directory empty, for a project to fill: /opt, /srv, …"""
    return path in _directories("project")


def is_shared_directory(path: str) -> bool:
    """Whether no step owns this directory, so that a copy is never widened to it."""
    return path in _directories("system", "project", "mixed")


def is_standard_directory(path: str) -> bool:
    """Whether FHS names this directory, so that its owner and mode are the base image's affair."""
    return path in _directories("standard")


def exists_everywhere(path: str) -> bool:
    """Whether every image has this directory, or every golang one."""
    return path in _directories("everywhere")


def exists_in_distroless(path: str) -> bool:
    """Whether distroless images have this directory."""
    return path in _directories("distroless")


# --- trees ----------------------------------------------------------------------------------------


def is_systems(path: str) -> bool:
    """Whether a path is, or lies in, a tree of the system's: /etc, /usr, /lib64, …, also below /usr/local."""
    return _below(path, "system")


def is_packages(path: str) -> bool:
    """Whether a path lies where only a distribution's packages put files: /usr/lib, but not /usr/app."""
    return _below(path, "packages")


def is_kernels(path: str) -> bool:
    """Whether a path lies in what is mounted when a container runs: /dev, /proc, /sys."""
    return _below(path, "kernel")


def scratch() -> tuple[str, ...]:
    """The trees in which nothing is needed after the build."""
    return (*_words("tree", "scratch"), *_words("tree", "kernel"))


def is_scratch(path: str) -> bool:
    """Whether what lies there is never needed after the build."""
    return _below(path, "scratch", "kernel")


def is_transient(path: str) -> bool:
    """Whether systems and tools write there while they run, so that owner and mode concern nobody."""
    return _below(path, "transient", "scratch", "kernel")


def anybody_writes(path: str) -> bool:
    """Whether every user may write there."""
    return _below(path, "public")


def is_package_source(path: str) -> bool:
    """Whether only a system package manager reads it, to know where packages come from."""
    return _below(path, "sources")


# --- the C library --------------------------------------------------------------------------------


def is_libc_library(name: str) -> bool:
    """Whether a library, as a linker is told its name (`m`), is one of glibc's own."""
    return name in _words("libc", "libraries")


@cache
def _libc_files() -> tuple[str, ...]:
    return (*(f"lib{name}.so" for name in _words("libc", "libraries")), *_words("libc", "files"))


def is_libc_file(path: str) -> bool:
    """Whether a file, by its name, belongs to the C library: libc.so.6, libm.so.6, ld-musl-x86_64.so.1."""
    return path.rpartition("/")[2].startswith(_libc_files())


def is_libc_package(name: str) -> bool:
    """Whether a system package is the C library, or what comes with every compiler."""
    return name in _words("libc", "packages")


# --- the account of root -----------------------------------------------------------------------------


@cache
def _root() -> frozenset[str]:
    return frozenset(("", *load("system.toml")["root"].split()))


def is_root(user: str) -> bool:
    """Whether USER's argument names root, with whatever group, or nothing."""
    return user.partition(":")[0] in _root()


def is_plain_root(user: str) -> bool:
    """Whether USER's argument names root with root's own group, or nothing: files become root:root."""
    return is_root(user) and is_root(user.partition(":")[2])
