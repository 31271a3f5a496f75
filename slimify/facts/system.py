"""Facts about system directories, the default PATH, the C library, accounts and names of files.

`…_directory` and `exists_…` judge a single directory; the other functions judge a path by its parent
directories, too. Paths are absolute and normalized.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from slimify.facts import load, words

LOCAL_DIRECTORY = "/usr/local"


def _words(*keys: str) -> tuple[str, ...]:
    return words("system.toml", *keys)


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


def is_managed_directory(path: str) -> bool:
    """Whether base images and package managers have content in this directory, so that it differs between an
    image and its slim variant. /usr/local/bin and the like belong to neither: those of both images are equal
    but for what steps leave there."""
    return is_system_directory(path) and not path.startswith("/usr/local/")


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


def in_application_tree(path: str) -> bool:
    """Whether a path is in a tree where applications put their files."""
    return _below(path, "applications")


def is_excluded_from_slim(path: str) -> bool:
    """Whether slim images leave this file out of packages."""
    return path.startswith(_trees("excluded")[1])


# --- files by name --------------------------------------------------------------------------------


@cache
def _names(kind: str) -> frozenset[str]:
    return frozenset(_words("names", kind))


def history_directories() -> frozenset[str]:
    """The names of version control's directories."""
    return _names("history")


def deployment_directories() -> tuple[str, ...]:
    """Directories beside an application with files that say how its image is built and run."""
    return _words("names", "deployment")


def third_party_directories() -> frozenset[str]:
    """The names of directories with other people's sources and samples."""
    return _names("third_party")


def ci_directories() -> frozenset[str]:
    """The names of hidden directories with commands that CI runs."""
    return _names("ci")


def is_documentation_directory(name: str) -> bool:
    """Whether directories of this name contain documentation."""
    return name in _names("documentation")


def is_data_ending(ending: str) -> bool:
    """Whether files of this ending (`csv`) are data, which may be mounted."""
    return ending in _names("data_endings")


def settings_endings() -> frozenset[str]:
    """The endings (`yml`) of scripts and settings, which may name programs."""
    return _names("settings_endings")


def command_endings() -> frozenset[str]:
    """The endings of files, "" for none, that may list commands for the program that reads them."""
    return settings_endings() | _names("list_endings") | {""}


def is_package_file(path: str) -> bool:
    """Whether a file is a system package, judged by its name."""
    return path.endswith(_words("names", "package_endings"))


def regenerated() -> frozenset[str]:
    """Patterns of `find` for files that are made anew, or that nothing reads at run time."""
    return _names("regenerated")


def certificate_bundles() -> tuple[str, ...]:
    """Where root certificates are, the usual file first."""
    return _words("files", "certificates")


def passing() -> tuple[str, ...]:
    """Parts of paths that may differ in every build."""
    return _words("files", "passing")


def tool_prefixes() -> tuple[str, ...]:
    """Beginnings of paths outside system directories that belong to packages, toolchains and shells."""
    return _words("files", "tools")


@cache
def pattern(name: str) -> re.Pattern[str]:
    """A pattern of system.toml: `disposable`, `caches`, `waste` or `people`."""
    return re.compile(load("system.toml")["patterns"][name])


def is_for_people(path: str) -> bool:
    """Whether people, forges, builders or editors read a context path, not the application."""
    return pattern("people").search(path) is not None


# --- package managers -----------------------------------------------------------------------------


def manager_programs() -> tuple[tuple[str, str], ...]:
    """(manager, path of a program that only it has), in the order to look for them."""
    rows = load("system.toml")["managers"].items()
    return tuple((name, path) for name, row in rows for path in row.get("programs", "").split())


def manager_settings() -> tuple[str, ...]:
    """The directories of settings that say how package managers work, not what they install."""
    rows = load("system.toml")["managers"].values()
    return tuple(path for row in rows for path in row.get("settings", "").split())


def manager_caches(manager: str) -> tuple[str, ...]:
    """The directories of lists and archives that installs of a manager leave."""
    return tuple(load("system.toml")["managers"].get(manager, {}).get("caches", "").split())


def manager_clean(manager: str) -> str:
    """The arguments with which a manager removes its caches; "" if it leaves none."""
    return str(load("system.toml")["managers"].get(manager, {}).get("clean", ""))


def hadolint_rule(manager: str | None) -> str:
    """hadolint's rule that asks for versions of this manager's packages; "" if there is none."""
    return str(load("system.toml")["managers"].get(manager, {}).get("hadolint", ""))


def is_silent(manager: str, words: Iterable[str]) -> bool:
    """Whether an install with these words asks no question: by an option, or as its manager never asks."""
    options = _yes_options(manager)
    return not options or any(w in options or _has_letters(w, o) for w in words for o in options)


def _has_letters(word: str, option: str) -> bool:
    """Whether a word bundles short options (`-qqy`), among them the letters of this one."""
    letters = option[1:]
    bundled = word[:1] == "-" != word[1:2] and option[1:2] != "-"
    return bundled and word.count(letters[0]) >= len(letters)


def yes_option(manager: str) -> str:
    """The option that answers the questions of a package manager."""
    return _yes_options(manager)[0]


def _yes_options(manager: str) -> tuple[str, ...]:
    return tuple(load("system.toml")["managers"].get(manager, {}).get("yes", "").split())


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


def musl_directories() -> tuple[str, ...]:
    """Where musl looks for libraries if nothing is configured."""
    return _words("libc", "musl_directories")


def glibc_tuple(machine: str) -> str:
    """The name of glibc's directories for an ELF machine: `x86_64-linux-gnu`."""
    return str(load("system.toml")["libc"]["tuples"].get(machine, f"{machine}-linux-gnu"))


# --- accounts ----------------------------------------------------------------------------------------


@cache
def distribution_accounts() -> frozenset[str]:
    """The users of every Debian and Alpine image."""
    return frozenset(_words("accounts", "distributions"))


def distroless_accounts() -> tuple[str, ...]:
    """The users of distroless images."""
    return _words("accounts", "distroless")


def joined_groups() -> tuple[str, ...]:
    """The groups of which some tools make every account a member."""
    return _words("accounts", "joined")


@cache
def _root() -> frozenset[str]:
    return frozenset(("", *load("system.toml")["root"].split()))


def is_root(user: str) -> bool:
    """Whether the argument of USER is empty or names root, with any group."""
    return user.partition(":")[0] in _root()


def is_plain_root(user: str) -> bool:
    """Whether the argument of USER is empty or names root with root's group, so that files are root:root."""
    return is_root(user) and is_root(user.partition(":")[2])
