"""COPYs of the runtime file: files that the script extracted from the builder's image come from the builder
stage, everything else from the context as before."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from slimify.analysis.program import Program, Step
from slimify.analysis.repository.build_script import Extract
from slimify.context.ignore_rules import Glob
from slimify.model.decisions import Reason
from slimify.model.regex import regex
from slimify.syntax.dockerfile.instructions import CopyParts, copy_parts
from slimify.syntax.dockerfile.words import expand

_ARCHIVE = regex(r".*\.(tar|tgz|tbz2?|txz|tar\.\w+)")
_WILDCARD = regex(r"[*?\[]")


class BuilderCopy(Struct, frozen=True, kw_only=True):
    """A builder path that a COPY takes instead of the file in the context."""

    extract: Extract
    at: int  # the line of the instruction


class SplitSource(Struct, frozen=True, kw_only=True):
    """One source of a COPY: whether it still comes from the context, and what comes from the builder, each
    with its destination."""

    stays: bool
    taken: tuple[tuple[Extract, str, str], ...] = ()  # extract, path in the builder, destination


class Copies:
    """The COPYs and ADDs of `runtime`, with `extracts` relative to its context."""

    def __init__(
        self, builder: Program, runtime: Program, extracts: Sequence[Extract], stage: str, *, given_away: bool
    ) -> None:
        self.builder, self.runtime, self.extracts, self.stage = builder, runtime, extracts, stage
        self.owner = "--chown=0:0 " if given_away else ""  # files of the context are root's

    def rewritten(self, step: Step) -> tuple[str, tuple[BuilderCopy, ...]] | Reason | None:
        """The text that replaces an instruction, and what it takes from the builder; None if it is
        unchanged; a reason if it can't be rewritten."""
        instruction = step.instruction
        parts = copy_parts(instruction)
        if parts.from_stage is not None or (parts.heredocs and not parts.sources):
            return None
        known = step.state.known_env
        found: list[SplitSource] = []
        for written in parts.sources:
            source = self._source(expand(written, known) or written, parts, step)
            if isinstance(source, Reason):
                return source
            found.append(source)
        if not any(source.taken for source in found):
            return None
        if parts.heredocs or (instruction.exec_form is not None and len(parts.sources) > 1):
            return Reason.of("SL374", "words", at=step.line)
        return self._written(step, parts, found)

    def _written(
        self, step: Step, parts: CopyParts, found: list[SplitSource]
    ) -> tuple[str, tuple[BuilderCopy, ...]] | Reason:
        end = self.runtime.dockerfile.newline
        flags = "".join(f"{flag} " for flag in step.instruction.flags)
        lower = step.instruction.raw.lstrip()[:3].islower()
        kept = [word for word, source in zip(parts.sources, found, strict=True) if source.stays]
        lines = []
        if kept:
            dest = parts.dest if len(kept) > 1 or len(parts.sources) == 1 else _as_directory(parts.dest)
            lines.append(f"{step.keyword.lower() if lower else step.keyword} {flags}{' '.join(kept)} {dest}")
        taken = []
        owner = "" if parts.chown else self.owner
        for extract, path, dest in (item for source in found for item in source.taken):
            if re.search(r"\s", path + dest):
                return Reason.of("SL374", "blank", at=step.line, path=path)
            lines.append(f"{'copy' if lower else 'COPY'} --from={self.stage} {owner}{flags}{path} {dest}")
            taken.append(BuilderCopy(extract=extract, at=step.line))
        return end.join(lines) + end, tuple(taken)

    def _source(self, written: str, parts: CopyParts, step: Step) -> SplitSource | Reason:
        if "://" in written or written.startswith("git@"):
            return SplitSource(stays=True)
        path = posixpath.normpath("/" + written).lstrip("/")
        if _WILDCARD.search(path):
            return self._pattern(path, parts)
        context = self.runtime.context
        inner = next((e for e in self.extracts if _within(path, e.target)), None)
        if inner is not None:
            if parts.keyword == "ADD" and _ARCHIVE.fullmatch(path):
                return Reason.of("SL374", "archive", at=step.line, path=path)
            if context.ignore.ignores(path):
                return SplitSource(stays=True)
            place = posixpath.normpath(posixpath.join(inner.path, posixpath.relpath(path, inner.target)))
            dest = self._destination(place, path, parts, step)
            return (
                dest if isinstance(dest, Reason) else SplitSource(stays=False, taken=((inner, place, dest),))
            )
        below = [e for e in self.extracts if _within(e.target, path) and not context.ignore.ignores(e.target)]
        stays = context.has(path) and (not below or not path or self._others(path, below))
        if not stays and not below:
            return Reason.of("SL373", "missing", at=step.line, path=written.removeprefix("./"))
        taken = tuple(
            (e, e.path, _below(parts.dest, posixpath.relpath(e.target, path or "."))) for e in below
        )
        return SplitSource(stays=stays, taken=taken)

    def _others(self, path: str, below: Sequence[Extract]) -> bool:
        """Whether the context has other files in the directory than the extracted ones."""
        files = self.runtime.context.under(path)
        return any(not any(_within(f, e.target) for e in below) for f in files)

    def _pattern(self, path: str, parts: CopyParts) -> SplitSource:
        """A source with wildcards: of a directory extracted from the builder, or of extracted files."""
        context = self.runtime.context
        head = posixpath.dirname(_WILDCARD.split(path, maxsplit=1)[0] + "x")
        whole = next((e for e in self.extracts if _within(head, e.target) and head), None)
        if whole is not None:
            rest = posixpath.relpath(path, whole.target)
            return SplitSource(stays=False, taken=((whole, posixpath.join(whole.path, rest), parts.dest),))
        glob = Glob.parse(path)
        found = [e for e in self.extracts if glob.matches(e.target) and not context.ignore.ignores(e.target)]
        targets = {e.target for e in found}
        stays = any(match not in targets for match in context.glob(path, directories=True)) or not found
        dests = [_below(parts.dest, posixpath.basename(e.target)) for e in found]
        return SplitSource(
            stays=stays, taken=tuple((e, e.path, d) for e, d in zip(found, dests, strict=True))
        )

    def _destination(self, place: str, path: str, parts: CopyParts, step: Step) -> str | Reason:
        """The destination that keeps the name that the file had in the context."""
        several = len(parts.sources) > 1 and parts.dest not in (".", "./")
        dest = _as_directory(parts.dest) if several else parts.dest
        same = posixpath.basename(place) == posixpath.basename(path)
        if same or not (dest.endswith("/") or dest == "." or self._known_directory(dest, step)):
            return dest
        kind = self._is_file(place)
        if kind is None:
            return Reason.of("SL374", "file_or_directory", at=step.line, path=place)
        return _below(dest, posixpath.basename(path)) if kind else dest

    def _known_directory(self, dest: str, step: Step) -> bool:
        place = posixpath.normpath(posixpath.join(step.state.cwd or "/", dest))
        return place in (step.state.cwd, "/") or step.state.view.is_dir(place)

    def _is_file(self, path: str) -> bool | None:
        """Whether a path of the builder is a file; None if the Dockerfile does not tell."""
        outputs = {o for s in self.builder.steps for e in s.effects for o in e.outputs}
        made = [m for m in self.builder.artifacts if m.path == path]
        if path in outputs or any(m.is_file for m in made):
            return True
        view = self.builder.end_state.view
        if view.is_dir(path) or made or any(_within(o, path) for o in outputs):
            return False
        return True if view.text(path) is not None else None


def sources_of_context(program: Program) -> Iterator[str]:
    """The context paths that COPYs and ADDs take."""
    for step in program.steps:
        if step.keyword in ("COPY", "ADD"):
            parts = copy_parts(step.instruction)
            if parts.from_stage is None:
                yield from (s for s in parts.sources if "://" not in s)


def _within(path: str, directory: str) -> bool:
    return path == directory or directory in ("", ".") or path.startswith(directory + "/")


def _as_directory(dest: str) -> str:
    return dest if dest.endswith("/") or dest == "." else dest + "/"


def _below(dest: str, name: str) -> str:
    if dest in (".", "./"):
        return name
    return f"{dest.rstrip('/')}/{name}"
