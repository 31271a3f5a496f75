"""Facts about system directories, the default PATH, and the C library.

`…_directory` and `exists_…` judge a single directory; the other functions judge a path by its parent
directories, too. Paths are absolute and normalized.
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
    """Whether a directory is in the default PATH."""
    return directory in _default_directories()


def holds_programs(directory: str) -> bool:
    """Whether system packages install programs in a directory."""
    return on_default_path(directory) or directory in _directories("programs")


# --- single directories ---------------------------------------------------------------------------


def is_system_directory(path: str) -> bool:
    """Whether base images have content in this directory, so that it must not be copied as a whole."""
    return path in _directories("system")


def is_project_directory(path: str) -> bool:
    """Whether base images leave this standard directory empty, for a project to fill: /opt, /srv, …"""
    return path in _directories("project")


def is_shared_directory(path: str) -> bool:
    """Whether several steps may write to this directory, so that a copy must not include it as a whole."""
    return path in _directories("system", "project", "mixed")


def is_standard_directory(path: str) -> bool:
    """Whether the FHS defines this directory, so that the base image sets its owner and mode."""
    return path in _directories("standard")


def exists_everywhere(path: str) -> bool:
    """Whether every image has this directory, or every golang one."""
    return path in _directories("everywhere")


def exists_in_distroless(path: str) -> bool:
    """Whether distroless images have this directory."""
    return path in _directories("distroless")


# --- trees ----------------------------------------------------------------------------------------


def is_systems(path: str) -> bool:
    """Whether a path is in a system tree: /etc, /usr (with /usr/local), /lib64, …"""
    return _below(path, "system")


def in_package_tree(path: str) -> bool:
    """Whether a path is in a tree where only system packages install files: /usr/lib, but not /usr/app."""
    return _below(path, "packages")


def in_kernel_tree(path: str) -> bool:
    """Whether a path is in a tree that the container runtime mounts: /dev, /proc, /sys."""
    return _below(path, "kernel")


def scratch() -> tuple[str, ...]:
    """The trees whose content is never needed after the build."""
    return (*_words("tree", "scratch"), *_words("tree", "kernel"))


def is_scratch(path: str) -> bool:
    """Whether a path is in a tree whose content is never needed after the build."""
    return _below(path, "scratch", "kernel")


def in_transient_tree(path: str) -> bool:
    """Whether a path is in a tree that programs write to at run time, so that its owner and mode don't
    matter."""
    return _below(path, "transient", "scratch", "kernel")


def is_world_writable(path: str) -> bool:
    """Whether every user may write to a path."""
    return _below(path, "public")


def is_package_source(path: str) -> bool:
    """Whether a path is part of the configuration of package sources, which only package managers read."""
    return _below(path, "sources")


# --- the C library --------------------------------------------------------------------------------


def is_libc_library(name: str) -> bool:
    """Whether a library is part of glibc; takes the name as in linker options (`m`)."""
    return name in _words("libc", "libraries")


@cache
def _libc_files() -> tuple[str, ...]:
    return (*(f"lib{name}.so" for name in _words("libc", "libraries")), *_words("libc", "files"))


def is_libc_file(path: str) -> bool:
    """Whether a file is part of the C library, judged by its name: libc.so.6, ld-musl-x86_64.so.1."""
    return path.rpartition("/")[2].startswith(_libc_files())


def is_libc_package(name: str) -> bool:
    """Whether a system package is the C library, or installed with every compiler."""
    return name in _words("libc", "packages")


# --- the account of root -----------------------------------------------------------------------------


@cache
def _root() -> frozenset[str]:
    return frozenset(("", *load("system.toml")["root"].split()))


def is_root(user: str) -> bool:
    """Whether the argument of USER is empty or names root, with any group."""
    return user.partition(":")[0] in _root()


def is_plain_root(user: str) -> bool:
    """Whether the argument of USER is empty or names root with root's group, so that files are root:root."""
    return is_root(user) and is_root(user.partition(":")[2])
