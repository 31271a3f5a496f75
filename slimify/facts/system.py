"""Facts about system directories, the default PATH, the C library, accounts and names of files.

`…_directory` and `exists_…` judge a single directory; the other functions judge a path by its parent
directories, too. Paths are absolute and normalized.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from slimify.facts import among, listed, load, words

LOCAL_DIRECTORY = "/usr/local"
_FILE = "system.toml"


# --- PATH -----------------------------------------------------------------------------------------


def default_path() -> str:
    """The PATH of an image that sets none."""
    return str(load(_FILE)["path"])


@cache
def on_default_path(directory: str) -> bool:
    """Whether a directory is in the default PATH."""
    return directory in default_path().split(":")


def holds_programs(directory: str) -> bool:
    """Whether system packages install programs in a directory."""
    return on_default_path(directory) or directory in words(_FILE, "directory", "programs")


# --- single directories ---------------------------------------------------------------------------


@cache
def _directories(*names: str) -> frozenset[str]:
    return frozenset(path for name in names for path in words(_FILE, "directory", name))


def _directory(*names: str) -> Callable[[str], bool]:
    """The question whether a path is one of these directories."""
    return lambda path: path in _directories(*names)


is_system_directory = _directory("system")  # base images have content there: it must not be copied as a whole
is_shared_directory = _directory("system", "project", "mixed")  # several steps may write there, as well
is_standard_directory = _directory("standard")  # the FHS defines it: the base image sets its owner and mode


def distribution_directories() -> frozenset[str]:
    """The directories in the images of distributions."""
    return _directories("distributions")


def distroless_directories() -> frozenset[str]:
    """The directories in distroless images."""
    return _directories("distroless")


def is_managed_directory(path: str) -> bool:
    """Whether base images and package managers have content in this directory, so that it differs between an
    image and its slim variant. /usr/local/bin and the like belong to neither: those of both images are equal
    but for what steps leave there."""
    return is_system_directory(path) and not path.startswith("/usr/local/")


def distribution_program(command: str) -> str:
    """The name of a program that is called by its path in a directory of the distribution, "" for any other:
    /usr/bin/python3 is the distribution's, whatever /usr/local/bin/python3 is."""
    directory, _, name = command.rpartition("/")
    return name if directory and is_managed_directory(directory) else ""


# --- trees ----------------------------------------------------------------------------------------


@cache
def _trees(*kinds: str) -> tuple[frozenset[str], tuple[str, ...]]:
    found = [tree for kind in kinds for tree in words(_FILE, "tree", kind)]
    return frozenset(found), tuple(f"{tree}/" for tree in found)


def _below(*kinds: str) -> Callable[[str], bool]:
    """The question whether a path is at or below one of these directories."""

    def is_below(path: str) -> bool:
        trees, prefixes = _trees(*kinds)
        return path in trees or path.startswith(prefixes)

    return is_below


is_systems = _below("system")  # /etc, /usr (with /usr/local), /lib64, …
is_for_libraries = _below("libraries")  # read by libraries, whatever a program names: /etc/localtime
in_package_tree = _below("packages")  # only system packages install files there: /usr/lib, but not /usr/app
in_kernel_tree = _below("kernel")  # the container runtime mounts it: /dev, /proc, /sys
is_scratch = _below("scratch", "kernel")  # its content is never needed after the build
in_transient_tree = _below("transient", "scratch", "kernel")  # written to at run time: owners don't matter
is_world_writable = _below("public")  # every user may write there
is_package_source = _below("sources")  # configuration of package sources: only package managers read it
in_application_tree = _below("applications")  # applications put their files there


def scratch() -> tuple[str, ...]:
    """The trees whose content is never needed after the build."""
    return (*words(_FILE, "tree", "scratch"), *words(_FILE, "tree", "kernel"))


def is_excluded_from_slim(path: str) -> bool:
    """Whether slim images leave this file out of packages."""
    return path.startswith(_trees("excluded")[1])


# --- files by name --------------------------------------------------------------------------------


@cache
def _names(kind: str) -> frozenset[str]:
    return frozenset(words(_FILE, "names", kind))


def _named(kind: str) -> Callable[[], frozenset[str]]:
    """The question for names."""
    return lambda: _names(kind)


history_directories = _named("history")  # the names of version control's directories
sample_directories = _named("samples")  # of directories with tests, their data, and examples
third_party_directories = _named("third_party")  # of directories with other people's sources and samples
ci_directories = _named("ci")  # of hidden directories with commands that CI runs
settings_endings = _named("settings_endings")  # (`yml`) of scripts and settings, which may name programs
regenerated = _named("regenerated")  # patterns of `find`: files made anew, or that nothing reads at run time
is_documentation_directory = among(_FILE, "names", "documentation")
is_data_ending = among(_FILE, "names", "data_endings")  # (`csv`) of data, which may be mounted
deployment_directories = listed(_FILE, "names", "deployment")  # beside an application: how it is deployed
certificate_bundles = listed(_FILE, "files", "certificates")  # root certificates, the usual file first
passing = listed(_FILE, "files", "passing")  # parts of paths that may differ in every build
tool_prefixes = listed(_FILE, "files", "tools")  # of paths that belong to packages, toolchains, shells


def command_endings() -> frozenset[str]:
    """The endings of files, "" for none, that may list commands for the program that reads them."""
    return settings_endings() | _names("list_endings") | {""}


def is_package_file(path: str) -> bool:
    """Whether a file is a system package, judged by its name."""
    return path.endswith(words(_FILE, "names", "package_endings"))


@cache
def pattern(name: str) -> re.Pattern[str]:
    """A pattern of system.toml: `disposable`, `caches`, `waste` or `people`."""
    return re.compile(load(_FILE)["patterns"][name])


def is_for_people(path: str) -> bool:
    """Whether people, forges, builders or editors read a context path, not the application."""
    return pattern("people").search(path) is not None


# --- package managers -----------------------------------------------------------------------------


def manager_programs() -> tuple[tuple[str, str], ...]:
    """(manager, path of a program that only it has), in the order to look for them."""
    rows = load(_FILE)["managers"].items()
    return tuple((name, path) for name, row in rows for path in row.get("programs", "").split())


def manager_settings() -> tuple[str, ...]:
    """The directories of settings that say how package managers work, not what they install."""
    rows = load(_FILE)["managers"].values()
    return tuple(path for row in rows for path in row.get("settings", "").split())


def _of_manager(key: str) -> Callable[[str | None], str]:
    """The question for what is known of a package manager; "" if it is not."""
    return lambda manager: str(load(_FILE)["managers"].get(manager, {}).get(key, ""))


manager_clean = _of_manager("clean")  # the arguments with which it removes its caches
hadolint_rule = _of_manager("hadolint")  # hadolint's rule that asks for versions of its packages
_caches, _yes_options = _of_manager("caches"), _of_manager("yes")


def manager_caches(manager: str) -> tuple[str, ...]:
    """The directories of lists and archives that installs of a manager leave."""
    return tuple(_caches(manager).split())


def is_silent(manager: str, words: Iterable[str]) -> bool:
    """Whether an install with these words asks no question: by an option, or as its manager never asks."""
    options = _yes_options(manager).split()
    return not options or any(w in options or _has_letters(w, o) for w in words for o in options)


def _has_letters(word: str, option: str) -> bool:
    """Whether a word bundles short options (`-qqy`), among them the letters of this one."""
    letters = option[1:]
    bundled = word[:1] == "-" != word[1:2] and option[1:2] != "-"
    return bundled and word.count(letters[0]) >= len(letters)


def yes_option(manager: str) -> str:
    """The option that answers the questions of a package manager."""
    return _yes_options(manager).split()[0]


# --- the C library --------------------------------------------------------------------------------


is_libc_library = among(_FILE, "libc", "libraries")  # part of glibc, named as in linker options (`m`)
is_libc_package = among(_FILE, "libc", "packages")  # the C library, or installed with every compiler
musl_directories = listed(_FILE, "libc", "musl_directories")  # where musl looks if nothing is configured


@cache
def _libc_files() -> tuple[str, ...]:
    return (*(f"lib{name}.so" for name in words(_FILE, "libc", "libraries")), *words(_FILE, "libc", "files"))


def is_libc_file(path: str) -> bool:
    """Whether a file is part of the C library, judged by its name: libc.so.6, ld-musl-x86_64.so.1."""
    return path.rpartition("/")[2].startswith(_libc_files())


def glibc_tuple(machine: str) -> str:
    """The name of glibc's directories for an ELF machine: `x86_64-linux-gnu`."""
    return str(load(_FILE)["libc"]["tuples"].get(machine, f"{machine}-linux-gnu"))


# --- accounts ----------------------------------------------------------------------------------------


distribution_accounts = listed(_FILE, "accounts", "distributions")  # the users of Debian and Alpine images
distroless_accounts = listed(_FILE, "accounts", "distroless")  # the users of distroless images
joined_groups = listed(_FILE, "accounts", "joined")  # some tools make every account a member of these


@cache
def _root() -> frozenset[str]:
    return frozenset(("", *load(_FILE)["root"].split()))


def is_root(user: str) -> bool:
    """Whether the argument of USER is empty or names root, with any group."""
    return user.partition(":")[0] in _root()


def is_plain_root(user: str) -> bool:
    """Whether the argument of USER is empty or names root with root's group, so that files are root:root."""
    return is_root(user) and is_root(user.partition(":")[2])
