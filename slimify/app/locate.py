"""Finds the Dockerfiles of paths on the command line, and the build context of each."""

from __future__ import annotations

import fnmatch
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from slimify import config
from slimify.app.services import Build, builds, is_build_file
from slimify.config import disk
from slimify.config.options import Options
from slimify.config.read_file import MOST_BYTES, read_file, read_stream
from slimify.context.directory_walk import Limits, files_below
from slimify.context.ignore_rules import IgnoreRules
from slimify.model.dockerfile import Instruction
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex

NOT_READABLE = "SL901"

PATTERNS = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile")
_STDIN = "-"
# Ignore files, documentation, data, and what editors and tools leave. A language may follow: Dockerfile.go.
_OTHER_FILES = tuple(
    ".dockerignore .md .rst .adoc .txt .html .json .yaml .yml .toml .bak .orig .rej .patch .diff ~".split()
)
_NON_PROJECT_FILES = regex(
    r"(?:docker-)?compose[\w.-]*\.ya?ml|.*\.(?:dockerignore|md)|\.env.*|\.git(?:keep|ignore)"
)


class Target(Struct, frozen=True, kw_only=True):
    """A Dockerfile to process: `name` as the user writes it, `path` None for standard input. `build` is what
    a Compose or bake file says about it."""

    name: str
    path: Path | None
    build: Build | None = None

    @property
    def directory(self) -> Path:
        """The directory of the file, symlinks not followed. Settings and context are searched from here."""
        return Path() if self.path is None else self.path.parent


Name = str | os.PathLike[str]
Job = tuple[Target, SlimifyError | None]


def find(paths: list[str] | None, *, exclude: Sequence[str] = (), command: str = "rewrite") -> Iterator[Job]:
    """Each Dockerfile of the paths once, in their order; an error for a path without any.

    Of directories, what git ignores and what matches a pattern of `exclude` is skipped. `command` is named in
    hints."""
    seen = set()
    for path in paths or ["Dockerfile"]:
        try:
            if path != _STDIN and not os.path.lexists(path):
                raise missing_file(command)
            for target in targets(path, exclude):
                if target.name not in seen:
                    yield target, None
                seen.add(target.name)
        except SlimifyError as error:
            yield Target(name=path, path=Path(path)), error


def target_of(path: Name) -> Job:
    """The job for a single path."""
    return Target(name=os.fspath(path), path=Path(path)), None


def missing_file(command: str) -> SlimifyError:
    hint = f"name a Dockerfile, or a directory to search: slimify {command} ."
    return SlimifyError(NOT_READABLE, "no such file", hint=hint)


def targets(path: str, exclude: Sequence[str] = ()) -> tuple[Target, ...]:
    """The Dockerfiles of `path`: itself, standard input for `-`, all in a directory, sorted, or those that
    the services of a Compose or bake file build.

    Vendored and hidden directories, symlinks, what git ignores and what `exclude` matches are skipped.
    Raises SlimifyError if there is none.
    """
    if path == _STDIN:
        return (Target(name=_STDIN, path=None),)
    if is_build_file(Path(path)) and not Path(path).is_dir():
        return _of_services(path)
    if not Path(path).is_dir():
        return (Target(name=path, path=Path(path)),)
    found = tuple(Target(name=str(file), path=file) for file in sorted(_search(Path(path), exclude)))
    if not found:
        raise SlimifyError(
            NOT_READABLE,
            "no Dockerfile in this directory",
            hint=f"looked for {', '.join(PATTERNS)}, also in subdirectories",
        )
    return found


def _of_services(path: str) -> tuple[Target, ...]:
    """Each Dockerfile once; arguments that services set differently are left to the evidence of the
    repository."""
    found: dict[str, Target] = {}
    for build in builds(Path(path)):
        name = str(build.dockerfile)
        known = found.get(name)
        if known is not None and known.build is not None:
            same = {k: v for k, v in known.build.args.items() if build.args.get(k) == v}
            build = replace(known.build, args=same)
        found[name] = Target(name=name, path=build.dockerfile, build=build)
    return tuple(found.values())


def options_for(target: Target, context: Path | None, overrides: dict[str, object]) -> Options:
    """The settings in force for a target; for standard input they are searched from the build context. Raises
    SlimifyError for a context that is a pipe or a device."""
    if context is not None and context.exists() and not context.is_dir():
        raise SlimifyError(NOT_READABLE, f"the build context {context} is not a directory")
    beside = context if target.path is None and context is not None else target.directory
    options = config.load(beside, target.path, overrides)
    if target.build is None:
        return options
    return replace(options, build_args={**target.build.args, **options.build_args})


def read(target: Target) -> bytes:
    """The bytes of a Dockerfile. Raises SlimifyError if it can't be read."""
    if target.path is not None and config.leads_out(target.path):
        raise SlimifyError(NOT_READABLE, "the file is a symlink that leads out of the repository")
    try:
        if target.path is None:
            return read_stream(sys.stdin.buffer, MOST_BYTES)
        return read_file(target.path, MOST_BYTES)
    except FileNotFoundError:
        raise missing_file("rewrite") from None
    except OSError as error:
        raise SlimifyError(NOT_READABLE, f"cannot read the file: {error.strerror}") from error


def build_context(target: Target, data: bytes) -> tuple[Path | None, str]:
    """The likely build context of a Dockerfile, and a remark ("" for the usual case).

    Usually it is the directory of the file. If the copied files are missing there but all exist in a parent
    directory of the same repository, it is that one, as in `docker build -f docker/Dockerfile .`. The same
    holds if the file copies its whole directory, which contains only Docker's files, and a parent directory
    contains the project. Standard input has no context.
    """
    if target.path is None:
        return None, ""
    if target.build is not None:
        return target.build.context, _other_stage(target.build, data)
    own = target.directory
    sources = _copied_sources(data)
    bare = _has_only_docker_files(own) and any(os.path.normpath(source) == "." for source in sources)
    if not bare and all(_resolves(own, source) for source in sources):
        return own, ""
    for directory in config.ancestors(own)[1:]:
        if all(_resolves(directory, source) for source in sources) and (not bare or _is_project(directory)):
            shown = os.path.relpath(directory)
            return directory, f"the build context is assumed to be {shown}, which contains the copied files"
    return own, ""


def _other_stage(build: Build, data: bytes) -> str:
    """A remark if not the last stage is built, which alone is made smaller."""
    from slimify.syntax.dockerfile.instructions import from_parts

    names = [from_parts(i).alias or "" for i in _instructions(data) if i.keyword == "FROM"]
    if not build.stage or build.stage.lower() in (*names[-1:], str(len(names) - 1)):
        return ""
    return f"{build.service} builds the stage {build.stage}; only the last stage is made smaller"


def _has_only_docker_files(directory: Path) -> bool:
    """Whether a directory contains only Docker's files and documentation."""
    try:
        names = [entry.name for entry in disk.entries(str(directory))]
    except OSError:
        return False
    return all(is_dockerfile(n) or _NON_PROJECT_FILES.fullmatch(n.lower()) for n in names)


def _is_project(directory: Path) -> bool:
    from slimify.languages import languages

    return any(disk.is_file(str(directory / name)) for known in languages() for name in known.project_files)


def _search(root: Path, exclude: Sequence[str]) -> Iterator[Path]:
    from slimify.context.repository import Repository, as_ignore_rule, repository_of
    from slimify.facts.language_files import all_files

    skipped = {name for one in all_files() for name in one.vendored}
    excluded = IgnoreRules.parse("\n".join(as_ignore_rule(line, "") for line in exclude))
    top = Path(os.path.realpath(root))
    repository = repository_of(top)
    whole = Repository(root=repository.root)
    by_git = not (repository.prefix and whole.ignores(repository.prefix))  # else it is asked for all the same

    def is_wanted(path: str) -> bool:
        return not (excluded.ignores(path) or (by_git and repository.ignores(path)))

    def enters(path: str) -> bool:
        name = os.path.basename(path)
        return not name.startswith(".") and name not in skipped and is_wanted(path)

    for path, entry in files_below(str(top), "", Limits().depth, enters):
        if is_dockerfile(entry.name) and is_wanted(path):
            yield root / path


def is_dockerfile(name: str) -> bool:
    """Whether a directory search finds a file of this name."""
    if name.startswith(".") or name.lower().endswith(_OTHER_FILES):
        return False
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in PATTERNS)


def _instructions(data: bytes) -> tuple[Instruction, ...]:
    from slimify.syntax.dockerfile import parser

    try:
        return parser.parse(data).instructions
    except SlimifyError:
        return ()  # the pipeline reports the error


def _copied_sources(data: bytes) -> tuple[str, ...]:
    """The sources of COPY and ADD in the context, without URLs and variables whose value the file lacks."""
    from slimify.syntax.dockerfile.words import expand, references

    env: dict[str, str] = {}
    sources: list[str] = []
    for instruction in _instructions(data):
        env |= {name: expand(value, env) or "" for name, value in _settings(instruction)}
        if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from") is not None:
            continue
        words = instruction.exec_form or tuple(instruction.value.split())
        known = (w for w in words[:-1] if not w.startswith("<<") and references(w) <= env.keys())
        sources += filter(None, (expand(word, env) for word in known))
    return tuple(s for s in sources if "://" not in s and not s.startswith("git@"))


def _settings(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """The names of an ARG or ENV with their values, as written."""
    from slimify.syntax.dockerfile.instructions import arg_names, env_pairs

    with suppress(SlimifyError):  # who reads the file says what is wrong
        if instruction.keyword == "ARG":
            yield from ((name, value) for name, value in arg_names(instruction) if value is not None)
        elif instruction.keyword == "ENV":
            yield from env_pairs(instruction)


def _resolves(directory: Path, source: str) -> bool:
    """Whether a COPY source exists in `directory`. As in Docker, `..` does not leave it."""
    relative = os.path.normpath(f"/{source}").lstrip("/")
    try:
        if any(char in relative for char in "*?["):
            return "**" in relative or disk.has_match(str(directory), relative)
        return disk.exists(str(directory / relative))
    except (OSError, ValueError):  # invalid name
        return False
