"""Facts about programs and packages that have one property each, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache

from slimify.facts import among, listed, load, words
from slimify.languages import languages

_FILE = "programs.toml"

# Whether a program, a package or an option …
is_plain_check = among(_FILE, "plain_checks")  # checks what any image has
only_waits = among(_FILE, "waiting")  # does nothing but keep a container running
watches_sources = among(_FILE, "watchers")  # compiles or starts what people change while it runs
reads_only_arguments = among(_FILE, "argument_readers")  # reads no files of applications but its arguments
lists_directories = among(_FILE, "directory_readers")  # those of its arguments, or where it is started
sets_attributes = among(_FILE, "attributes")  # only sets attributes of files that COPY keeps
is_called_indirectly = among(_FILE, "indirect")  # has programs that daemons or people often start
is_usual_option = among(_FILE, "usual", "options")  # is one of installs, and of commands that clean up
is_binding_option = among(_FILE, "usual", "binding")  # says what an install takes, and whether scripts run
is_common_word = among(_FILE, "words", "common")  # has a name that often means something else
is_launcher = among(_FILE, "launchers")  # starts the command that is among its arguments
is_basic = among(_FILE, "basic", "programs")  # works on files, and is in every image with a shell

interpreters = listed(_FILE, "interpreters")  # of languages that slimify has no folder for
display_servers = listed(_FILE, "displays")  # programs that bring a display
compilers = listed(_FILE, "compilers", "programs")  # of C and C++, the usual one first
versioned_programs = listed(_FILE, "compilers", "versioned")  # their names may contain a version or a target
container_engines = listed(_FILE, "engines", "programs")  # they build images and run containers
engine_groups = listed(_FILE, "engines", "groups")  # words that may stand before a command of such an engine


def starts_what_users_name(program: str) -> bool:
    """Whether a program starts others that its users, or files that come with them, name."""
    return program in words(_FILE, "hosts") or watches_sources(program)


def only_reader(path: str) -> str:
    """The only program that reads a file of this name, "" for others."""
    name = path.rpartition("/")[2]
    return next((p for p, names in load(_FILE)["readers"].items() if name in names.split()), "")


def reads_files_by_name(program: str) -> bool:
    """Whether it is known by which names a program looks for files where it is started."""
    return program in load(_FILE)["readers"]


def working_copy(program: str) -> str:
    """The directory of a repository that a program reads, with the files beside it, "" for others."""
    return str(load(_FILE)["working_copies"].get(program, ""))


def fetched_program(url: str) -> str:
    """The program that a URL is known to give, "" for others."""
    places = load(_FILE)["fetched"].items()
    return next((name for place, name in places if url.partition("://")[2].startswith(place)), "")


def used_instead(variable: str) -> frozenset[str]:
    """The programs of the system that are used where a variable forbids to download others."""
    return frozenset(load(_FILE)["instead"].get(variable, "").split())


def serves_more_than_compiling(commands: Iterable[str]) -> bool:
    """Whether the programs of a package of build tools are also started where nothing is compiled. A package
    with a compiler does not count: it is installed to compile."""
    names = set(commands)
    return not names.isdisjoint(words(_FILE, "compilers", "beside")) and names.isdisjoint(compilers())


def called_by_name(commands: Sequence[str]) -> Sequence[str]:
    """The programs of a package that a name in data may stand for: of one with a compiler, not those that the
    compiler starts itself, which have the names of common words (`as`, `ar`)."""
    names = (*compilers(), *words(_FILE, "compilers", "beside"))
    return commands if set(commands).isdisjoint(compilers()) else [c for c in commands if c in names]


def uses_certificates(programs: Iterable[str]) -> bool:
    """Whether one of the programs uses the system's root certificates."""
    return not set(words(_FILE, "certificates")).isdisjoint(programs)


def is_emulator(path: str) -> bool:
    """Whether the file at a path executes programs of another architecture."""
    return any(fnmatchcase(path.rpartition("/")[2], name) for name in words(_FILE, "emulators"))


def starting_compilers() -> tuple[str, ...]:
    """The compilers, and programs that start one."""
    return (*compilers(), *words(_FILE, "compilers", "starting"))


def has_compiler(packages: Iterable[str]) -> bool:
    """Whether one of the system packages is a compiler, or installed to compile."""
    return not set(words(_FILE, "compilers", "packages")).isdisjoint(packages)


def engine_alias(command: str) -> str:
    """The command of a container engine that another name stands for, or the name itself."""
    known: str = load(_FILE)["engines"]["aliases"].get(command, command)
    return known


@cache
def lean_options(installers: frozenset[str]) -> tuple[str, ...]:
    """Options of installers, named by their language or system package manager, that only leave out caches
    or development dependencies."""
    rows = load(_FILE)["lean"]
    own = (option for known in languages() if known.name in installers for option in known.lean_options)
    return (*(option for name in installers for option in rows.get(name, "").split()), *own)
