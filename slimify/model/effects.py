"""What a command does to the image."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from slimify.model.decisions import Reason
from slimify.model.regex import regex
from slimify.model.shell import Command

EffectKind = Literal[
    "packages",  # installs system packages
    "unpackage",  # removes system packages
    "index",  # refreshes package lists
    "source",  # adds a package source or key for the system package manager
    "cache",  # deletes caches, lists, temporary files
    "install",  # installs packages of a language into `writes`
    "install-global",  # installs programs of a language for every project
    "prune",  # drops development dependencies
    "compile",  # the compiler of a language; binaries in `outputs`
    "build",  # compiles or bundles: writes below `writes`
    "app",  # runs the application's own code
    "fetch",  # downloads into `writes`
    "unpack",  # unpacks an archive into `writes`
    "files",  # creates, copies, moves, deletes, edits files
    "meta",  # owner and mode of `writes`
    "users",  # users and groups
    "system",  # registers something in the system (ldconfig, locale-gen, setcap, …)
    "check",  # lists, tests, prints; leaves no files
    "state",  # cd, set, export, X=…
    "unknown",  # may read and write anything
]


# Sets of kinds that share a trait. A module that needs a few more kinds adds them and says why.

LEAVES_NOTHING = frozenset[EffectKind]({"check", "state"})
"""Leaves nothing in the image."""
NOT_FOR_RUN_TIME = LEAVES_NOTHING | frozenset[EffectKind]({"index", "cache"})
"""Leaves nothing that a program needs at run time, only package lists and caches."""
INSTALLS_NOTHING = NOT_FOR_RUN_TIME | frozenset[EffectKind]({"unpackage"})
"""Adds no software to the image."""
ACCOMPANIES_INSTALL = INSTALLS_NOTHING - LEAVES_NOTHING
"""Prepares or cleans up after installs of system packages, and gets the role of those installs."""
MANAGES_PACKAGES = frozenset[EffectKind]({"packages", "unpackage", "index"})
"""Works on system packages by name, independent of the working directory and its files."""
USES_PACKAGE_LISTS = frozenset[EffectKind]({"packages", "source", "system"})
"""May install system packages, using package lists fetched before."""
CHANGES_SYSTEM_STATE = frozenset[EffectKind]({"users", "system", "source"})
"""Registers something in the system, so it has to be executed in the final stage."""
RUNS_CODE = frozenset[EffectKind]({"app", "unknown"})
"""Executes code that slimify has not parsed: may read and write anything."""
INSTALLS = frozenset[EffectKind]({"install", "install-global"})
"""Installs packages of a language."""
BUILDS = INSTALLS | frozenset[EffectKind]({"compile", "build"})
"""Builds from sources: may start compilers and any other program of the stage."""
READS_DIRECTORY = BUILDS | RUNS_CODE
"""May read every file of its working directory."""
LEAVES_ARTIFACTS = frozenset[EffectKind]({"install", "compile", "build", "prune", "fetch", "unpack"})
"""Can be executed in the builder: what it leaves is known and can be copied."""
ADDS_FILES = frozenset[EffectKind]({"files", "fetch", "unpack"})
"""Creates files at the paths that its arguments name."""
WORKS_BY_PATH = ADDS_FILES | frozenset[EffectKind]({"meta"})
"""Reads and changes only the paths that its arguments name."""
CHANGES_FILES = frozenset[EffectKind]({"files", "meta"})
"""Changes files, their owners and modes."""
SHAPES_IMAGE = NOT_FOR_RUN_TIME | CHANGES_FILES | frozenset[EffectKind]({"packages", "users"})
"""Only shapes an image: a builder may lack it if nothing later uses what it makes."""
READS_SETTINGS = MANAGES_PACKAGES | READS_DIRECTORY | frozenset[EffectKind]({"fetch", "system", "source"})
"""Reads settings of the system or of an installer, although no argument names them."""
USES_NAMED_PROGRAMS = INSTALLS | frozenset[EffectKind](
    {"compile", "fetch", "packages", "index", "cache", "state"}
)
"""Starts no programs of system packages but those that it names, and compilers."""


class SystemManager(StrEnum):
    """The package managers of distributions. `Effect.manager` also takes those that a language brings."""

    APT = "apt"
    APK = "apk"
    YUM = "yum"
    DNF = "dnf"
    MICRODNF = "microdnf"


class Action(StrEnum):
    """What a command does within its kind, where shared code asks. `Effect.action` also takes all other
    subcommands; those that a language's own code asks for are in the `vocabulary` of its folder."""

    AUTOREMOVE = "autoremove"
    CHECK = "check"
    CONFIG = "config"
    COPY = "copy"
    DEPLOY = "deploy"  # a package with all that it needs, to another place
    EDIT = "edit"  # of files that exist
    FIX = "fix"
    GENERATE = "generate"  # sources of the application, which are compiled then
    INSTALL = "install"
    INSTALL_DEPS = "install-deps"  # the system packages of what a language's installer downloaded
    LINK = "link"  # symbolic; a hard link is a copy
    MOVE = "move"
    RUN = "run"
    SCRIPT = "script"
    SET = "set"
    UNINSTALL = "uninstall"
    UPGRADE = "upgrade"
    WRITE = "write"


RECURSIVE = regex(r"-\w*R\w*|--recursive")


class NamedPlace(StrEnum):
    """A place that only the running system knows, in `Effect.writes`: a language lists its own."""


class Package(Struct, frozen=True, kw_only=True):
    """One package of an install command. `span` are its start and end offset in the RUN's logical text."""

    name: str  # without version, extras and options
    text: str  # as written
    span: tuple[int, int]


# context: not in the build context; address: downloaded; package: not among the scripts of a manifest
UnreadScript = Literal["", "context", "address", "package"]


_MOST_WORDS = 3  # behind the name of a command


class Effect(Struct, frozen=True, kw_only=True):
    """What one command of a RUN does.

    Paths are absolute image paths, or names of places that only a language's own tools can resolve
    (`paths.is_named_place`). A directory in `writes` stands for everything below it. `outputs` are single
    files that the command exists to produce, such as binaries. `writes_anywhere`: it may also write to any
    other path. `ecosystem` is the name of the `Language` that interprets the command, "" for commands of no
    language.
    """

    kind: EffectKind
    ecosystem: str = ""
    tool: str  # the program, e.g. "gcc", "npm"
    command: Command
    manager: str = ""  # apt, apk, yum; pip, npm, … of the languages
    action: str = ""  # the subcommand: install, sync, run build, mod download, …
    subject: str = ""  # the account, or the group of packages (apk --virtual), that it makes
    packages: tuple[Package, ...] = ()
    manifests: tuple[str, ...] = ()  # requirement files, package.json, go.mod: image paths
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()  # paths that it, or what it installs, may create or not
    deletes: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()  # directories that can be deleted afterwards
    libraries: tuple[str, ...] = ()  # that what it compiles is linked with, without `lib`
    tools: tuple[str, ...] = ()  # other programs it is known to start (scripts, make)
    dev: bool = False  # also installs development dependencies
    asks: bool = False  # an install of system packages that asks before it adds others than those named
    writes_anywhere: bool = False
    reads_anything: bool = False  # it may also read any other file
    cwd: str | None = None  # working directory, None if not known
    why: Reason | None = None  # what could not be determined, or is assumed
    unread: UnreadScript = ""  # why a script that it runs could not be read
    followed: bool = False  # found in a script, function or recipe: the words of `command` are not its own
    settings: tuple[str, ...] = ()  # notes that the ecosystem's own code attaches and reads

    @property
    def copied(self) -> tuple[tuple[str, str], ...]:
        """The files that it copies, moves or links, each with its new place."""
        pairs = self.action in (Action.COPY, Action.MOVE, Action.LINK) and len(self.reads) == len(self.writes)
        return tuple(zip(self.reads, self.writes, strict=True)) if pairs else ()

    @property
    def recursive(self) -> bool:
        """Whether chown or chmod has the option to work on all that is below its paths, too."""
        return any(RECURSIVE.fullmatch(w.value or "") for w in self.command.words[1:])

    @property
    def compiles_downloads(self) -> bool:
        """Whether it compiles sources that are not the application's: programs, or libraries."""
        return self.kind == "compile" and not self.reads

    @property
    def sparing(self) -> bool:
        """Whether an install with apt leaves out what others only recommend."""
        return any(word.value == "--no-install-recommends" for word in self.command.words)

    @property
    def is_unlisted(self) -> bool:
        """Whether no table has the command."""
        return self.why is not None and (self.why.code, self.why.form) == ("SL221", "command")

    @property
    def as_written(self) -> str:
        """The first words of the command, up to its options: `npm run build`, `python -m pip install`. Of a
        script that it runs, with what that does in brackets: `start.sh (npm install)`."""
        words = [word.value for word in self.command.words]
        first = [w for w in words[:1] if w]
        for word in words[1:]:
            if word is None or len(first) > _MOST_WORDS or (word.startswith("-") and len(first) > 1):
                break
            if not word.startswith("-") or word == "-m":
                first.append(word)
        own = " ".join(first)
        inner = " ".join(dict.fromkeys(filter(None, (self.manager or self.tool, self.action))))
        if self.followed and any(word.value == "-c" for word in self.command.words):
            return inner or own  # of the text for a shell
        return f"{own} ({inner})" if self.followed and own and inner else own or inner

    def does(self, kind: EffectKind, ecosystem: str) -> bool:
        """Whether the effect has this kind and ecosystem: `does("install", "python")`."""
        return self.kind == kind and self.ecosystem == ecosystem
