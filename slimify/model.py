"""The values that travel from phase to phase.

Every phase is a plain function from one of these types to the next:

    bytes -> Dockerfile;  directory -> Context;  both -> Program -> Plan(s) -> text -> Outcome

All of them are frozen; sequences are tuples. Text read from a Dockerfile is `str` decoded as
UTF-8 with `surrogateescape`, so that any byte survives. Lines are 1-based, offsets 0-based.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct, field

from slimify.ignorefile import Asset, IgnoreFile


class SlimifyError(Exception):
    """Malformed input or a broken environment. "Cannot decide" is a value, never this.

    `line` is that in the file concerned (None: the whole file), `hint` what the user could do, or "".
    """

    def __init__(self, code: str, message: str, *, line: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.line, self.hint = code, message, line, hint


# --- Dockerfile text --------------------------------------------------------------------------


class Flag(Struct, frozen=True, kw_only=True):
    """`--name=value` in front of an instruction's arguments; `value` is None for a bare flag."""

    name: str
    value: str | None


class Heredoc(Struct, frozen=True, kw_only=True):
    """One heredoc of a RUN, COPY or ADD."""

    name: str
    body: str  # lines up to, without, the terminator
    expand: bool  # False when any part of the word was quoted
    chomp: bool  # <<- : leading tabs are removed
    fd: int


class Piece(Struct, frozen=True, kw_only=True):
    """`length` characters of the logical text at `logical` stand at `source` in the raw text."""

    logical: int
    source: int
    length: int


class Node(Struct, frozen=True, kw_only=True):
    """A stretch of the file. The nodes of a file, joined, are the file."""

    kind: Literal["bom", "directive", "comment", "blank", "instruction"]
    raw: str
    line: int
    end_line: int


class Instruction(Node, frozen=True, kw_only=True):
    """One instruction, with continuation lines, comments inside it and heredocs.

    `value` is the logical text behind keyword and flags: continuations joined, inner comments
    and blank lines dropped, heredoc bodies not included. `pieces` map offsets in `value` to
    offsets in `raw`.
    """

    keyword: str  # upper case
    flags: tuple[Flag, ...] = ()
    value: str = ""
    exec_form: tuple[str, ...] | None = None  # the JSON array, if it is one
    heredocs: tuple[Heredoc, ...] = ()
    pieces: tuple[Piece, ...] = ()
    trigger: Instruction | None = None  # what an ONBUILD will do

    def flag(self, name: str) -> str | None:
        """The value of a flag ("" for a bare one), or None."""
        for item in self.flags:
            if item.name == name:
                return item.value or ""
        return None


class Dockerfile(Struct, frozen=True, kw_only=True, dict=True):
    """A whole file. `"".join(n.raw for n in nodes)` is `text`."""

    text: str
    nodes: tuple[Node, ...]
    escape: str = "\\"
    syntax: str | None = None
    newline: str = "\n"  # "\r\n" where the first line ends so

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        return tuple(n for n in self.nodes if isinstance(n, Instruction))


# --- shell text -------------------------------------------------------------------------------


class Word(Struct, frozen=True, kw_only=True):
    """One shell word: `text` as written, `value` after quote removal, None if only a shell knows."""

    text: str
    value: str | None
    start: int
    end: int


class Redirect(Struct, frozen=True, kw_only=True):
    """`op` is `>`, `>>`, `<`, `<<`, `>&`, …; `fd` the number in front of it, if any."""

    op: str
    fd: int | None
    target: Word


class Command(Struct, frozen=True, kw_only=True):
    """One simple command of a script, wherever it stands in it.

    `context` names the constructs around it from the outside in (`"if"`, `"for"`, `"while"`,
    `"case"`, `"("`, `"{"`, `"function"`, `"$("`); `operator` is what joins it to the command
    before (`""`, `"&&"`, `"||"`, `";"`, `"|"`, `"&"`).
    """

    words: tuple[Word, ...]
    assigns: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    operator: str = ""
    negated: bool = False
    context: tuple[str, ...] = ()
    start: int
    end: int

    @property
    def name(self) -> str | None:
        """The command word after quote removal ("" for a bare assignment), None if not static."""
        return self.words[0].value if self.words else ""


class Atom(Struct, frozen=True, kw_only=True):
    """The smallest part of a script that can be taken out by itself."""

    commands: tuple[Command, ...]
    start: int
    end: int
    operator: str  # in front of it: "", "&&", ";"
    state: bool = False  # cd, set, export, X=…: what follows depends on it
    opaque: str = ""  # why nothing may be assumed about it, or ""


class Script(Struct, frozen=True, kw_only=True):
    """Shell text, read. `opaque` says why it could not be read, then there are no atoms."""

    text: str
    atoms: tuple[Atom, ...]
    opaque: str = ""
    errexit: bool = False

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(c for a in self.atoms for c in a.commands)


# --- what sources need at run time --------------------------------------------------------------


class Use(Struct, frozen=True, kw_only=True):
    """Something that a source file names, and where: `file` relative to the context root."""

    name: str
    file: str
    line: int


class SourceFacts(Struct, frozen=True, kw_only=True):
    """What source files need when they run.

    `imports` are top-level module names as written (Python `yaml`, Node `express` or `@nestjs/core`, Go
    import paths); `commands` programs they start; `libraries` shared libraries they load by name; `paths`
    files they open by a constant name; `dynamic` places that start a program whose name is not constant;
    `mentioned` names that such a place may be given; `features` words from a fixed list: `cgo`, `embed`,
    `net`, `tls`, `tz`, `user`, `plugin`, `main`, `files` (names that only run time knows), `external` (some
    of what is compiled is not in the context), `toolchain` (settings of the Go toolchain are read), `gobuild`
    (some of them are, by go/build).
    """

    imports: tuple[Use, ...] = ()
    commands: tuple[Use, ...] = ()
    libraries: tuple[Use, ...] = ()
    paths: tuple[Use, ...] = ()
    dynamic: tuple[Use, ...] = ()
    mentioned: tuple[Use, ...] = ()
    features: frozenset[str] = frozenset()
    skipped: tuple[str, ...] = ()  # files too large or unreadable


# --- what a command does --------------------------------------------------------------------------

EffectKind = Literal[
    "packages",  # installs system packages
    "unpackage",  # removes system packages
    "index",  # refreshes package lists
    "source",  # adds a package source or key for the system package manager
    "cache",  # deletes caches, lists, temporary files
    "python",  # installs Python packages into `writes`
    "node",  # installs Node packages into `writes` (node_modules directories)
    "global",  # installs Node packages globally
    "prune",  # drops development dependencies
    "go",  # go build, install, get, mod, generate, …; binaries in `outputs`
    "build",  # compiles or bundles: writes below `writes`
    "app",  # runs the application's own code
    "fetch",  # downloads into `writes`
    "unpack",  # unpacks an archive into `writes`
    "files",  # creates, copies, moves, deletes, edits files
    "meta",  # owner and mode of `writes`
    "users",  # users and groups
    "system",  # registers something in the system (ldconfig, locale-gen, setcap, …)
    "check",  # looks, tests, prints; writes nothing that lasts
    "state",  # cd, set, export, X=…
    "unknown",  # may read and write anything
]


class Package(Struct, frozen=True, kw_only=True):
    """One package of an install command; `span` are its offsets in the RUN's logical text."""

    name: str  # without version, extras and options
    text: str  # as written
    span: tuple[int, int]


class Effect(Struct, frozen=True, kw_only=True):
    """What one command of a RUN does. Paths are absolute paths in the image.

    A directory in `writes` means anything below it. `outputs` are single files that the command
    is there to make (binaries). `anywhere`: besides what is listed it may write at any place.
    """

    kind: EffectKind
    tool: str  # the program, e.g. "gcc", "npm"
    command: Command
    manager: str = ""  # apt, apk, yum; pip, poetry, pipenv, uv, conda; npm, yarn, pnpm, bun; go
    action: str = ""  # install, sync, run build, build, mod download, …
    packages: tuple[Package, ...] = ()
    manifests: tuple[str, ...] = ()  # requirement files, package.json, go.mod: image paths
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()  # directories with what may be thrown away afterwards
    tools: tuple[str, ...] = ()  # further programs it starts, as far as known (scripts, make)
    dev: bool = False  # development dependencies are installed too
    anywhere: bool = False
    cwd: str | None = None  # directory in force, None if not known
    why: str = ""  # for unknown: what could not be told
    settings: tuple[str, ...] = ()  # go: CGO_ENABLED=0, static, tags=…, packages=… (patterns)


# --- decisions ----------------------------------------------------------------------------------

Role = Literal["build", "run", "both", "unknown"]
Safety = Literal["safe", "assumed", "advice"]
Rung = Literal["minimal", "slim", "same-base", "cleanup", "unchanged"]
RUNGS: tuple[Rung, ...] = ("minimal", "slim", "same-base", "cleanup", "unchanged")


class Reason(Struct, frozen=True, kw_only=True):
    """Why something is as it is: a stable code and a sentence."""

    code: str
    text: str


class PackageVerdict(Struct, frozen=True, kw_only=True):
    """One package of an install command: `counterpart` is what run time needs instead of it."""

    name: str  # without version
    role: Role
    counterparts: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


class CommandVerdict(Struct, frozen=True, kw_only=True):
    """One command of a RUN. `atom` is the index of its atom in the RUN's script."""

    text: str
    atom: int
    role: Role
    reasons: tuple[Reason, ...] = ()
    packages: tuple[PackageVerdict, ...] = ()


class InstructionVerdict(Struct, frozen=True, kw_only=True):
    """One instruction with its role; `commands` for a RUN in shell form that could be read."""

    instruction: Instruction
    role: Role
    reasons: tuple[Reason, ...] = ()
    commands: tuple[CommandVerdict, ...] = ()


class Decision(Struct, frozen=True, kw_only=True):
    """Something slimify did, or advises, and why."""

    code: str
    safety: Safety
    text: str
    line: int | None = None


# --- the plan and the outcome --------------------------------------------------------------------


class Item(Struct, frozen=True, kw_only=True):
    """One instruction of the new file, as text with its comments.

    `origin` is the index of the instruction it comes from (None: new), `spaced`: a blank line was above it;
    `gap` are the user's own blank lines there, "" for one without anything in it.
    """

    text: str
    origin: int | None = None
    note: str = ""  # shown as a comment with --annotate
    spaced: bool = False
    gap: str = ""


class Stage(Struct, frozen=True, kw_only=True):
    """A stage of the new file; the first item is its FROM."""

    name: str
    base: str
    purpose: Literal["base", "build", "run", "debug"]
    items: tuple[Item, ...]


class Plan(Struct, frozen=True, kw_only=True):
    """One way to write the new file."""

    rung: Rung
    language: str
    stages: tuple[Stage, ...]
    decisions: tuple[Decision, ...] = ()
    kept: tuple[str, ...] = ()  # paths that are copied on request
    user: str = ""  # the final stage gets it on request; "": that of the file
    saving: int = 0  # bytes, estimated
    original: int = 0  # bytes of the original image, estimated
    measured: bool = False  # no estimates: both are those of an image that was built from the file


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one file."""

    kind: Literal["rewritten", "unchanged", "refused", "failed"]
    file: str
    language: str | None = None
    rung: Rung = "unchanged"
    instructions: tuple[InstructionVerdict, ...] = ()
    decisions: tuple[Decision, ...] = ()
    stages: tuple[Stage, ...] = ()
    before: str = ""
    after: str | None = None
    ignore: IgnoreFile | None = None
    assets: tuple[Asset, ...] = ()
    error: SlimifyError | None = None
    warnings: tuple[str, ...] = ()
    meta: Mapping[str, object] = field(default_factory=dict)
