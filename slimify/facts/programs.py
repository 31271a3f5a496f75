"""Facts about programs and packages that have one property each, by name."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from slimify.facts import load, words
from slimify.languages import languages

_FILE = "programs.toml"


def is_plain_check(program: str) -> bool:
    """Whether a check works in any image."""
    return program in words(_FILE, "plain_checks")


def only_waits(program: str) -> bool:
    """Whether a program does nothing but keep a container running."""
    return program in words(_FILE, "waiting")


def starts_what_users_name(program: str) -> bool:
    """Whether a program starts others that its users, or files that come with them, name."""
    return program in words(_FILE, "hosts") or watches_sources(program)


def watches_sources(program: str) -> bool:
    """Whether a program compiles or starts what people change while it runs."""
    return program in words(_FILE, "watchers")


def only_reader(path: str) -> str:
    """The only program that reads a file of this name, "" for others."""
    name = path.rpartition("/")[2]
    return next((p for p, names in load(_FILE)["readers"].items() if name in names.split()), "")


def reads_only_arguments(program: str) -> bool:
    """Whether a program reads none of an application's files but those that its arguments name."""
    return program in words(_FILE, "argument_readers")


def fetched_program(url: str) -> str:
    """The program that a URL is known to give, "" for others."""
    places = load(_FILE)["fetched"].items()
    return next((name for place, name in places if url.partition("://")[2].startswith(place)), "")


def serves_more_than_compiling(commands: Iterable[str]) -> bool:
    """Whether the programs of a package of build tools are also started where nothing is compiled. A package
    with a compiler does not count: it is installed to compile."""
    names = set(commands)
    return not names.isdisjoint(words(_FILE, "compilers", "beside")) and names.isdisjoint(compilers())


def sets_attributes(program: str) -> bool:
    """Whether a program only sets attributes of files that COPY keeps."""
    return program in words(_FILE, "attributes")


def is_called_indirectly(package: str) -> bool:
    """Whether the programs of a package are often started by daemons or interactively."""
    return package in words(_FILE, "indirect")


def interpreters() -> tuple[str, ...]:
    """Interpreters of languages that slimify has no folder for."""
    return words(_FILE, "interpreters")


def uses_certificates(programs: Iterable[str]) -> bool:
    """Whether one of the programs uses the system's root certificates."""
    return not set(words(_FILE, "certificates")).isdisjoint(programs)


def is_emulator(path: str) -> bool:
    """Whether the file at a path executes programs of another architecture."""
    return any(fnmatchcase(path.rpartition("/")[2], name) for name in words(_FILE, "emulators"))


def display_servers() -> tuple[str, ...]:
    """Programs that bring a display."""
    return words(_FILE, "displays")


def compilers() -> tuple[str, ...]:
    """The C and C++ compilers, the usual one first."""
    return words(_FILE, "compilers", "programs")


def starting_compilers() -> tuple[str, ...]:
    """The compilers, and programs that start one."""
    return (*compilers(), *words(_FILE, "compilers", "starting"))


def has_compiler(packages: Iterable[str]) -> bool:
    """Whether one of the system packages is a compiler, or installed to compile."""
    return not set(words(_FILE, "compilers", "packages")).isdisjoint(packages)


def versioned_programs() -> tuple[str, ...]:
    """Programs whose file name may contain a version or a target."""
    return words(_FILE, "compilers", "versioned")


def container_engines() -> tuple[str, ...]:
    """Programs that build images and run containers."""
    return words(_FILE, "engines", "programs")


def engine_alias(command: str) -> str:
    """The command of a container engine that another name stands for, or the name itself."""
    known: str = load(_FILE)["engines"]["aliases"].get(command, command)
    return known


def engine_groups() -> tuple[str, ...]:
    """Words that may stand before a command of a container engine."""
    return words(_FILE, "engines", "groups")


@cache
def lean_options(installers: frozenset[str]) -> tuple[str, ...]:
    """Options of installers, named by their language or system package manager, that only leave out caches
    or development dependencies."""
    rows = load(_FILE)["lean"]
    own = (option for known in languages() if known.name in installers for option in known.lean_options)
    return (*(option for name in installers for option in rows.get(name, "").split()), *own)


def is_usual_option(option: str) -> bool:
    """Whether it is a usual long option of a command that installs, makes directories or cleans up."""
    return option in words(_FILE, "usual", "options")


def is_basic(program: str) -> bool:
    """Whether every image with a shell has a program that works on files."""
    return program in words(_FILE, "basic", "programs")
