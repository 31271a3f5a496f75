"""What the commands of one script show about each other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec.structs import replace

from slimify.facts.programs import lists_directories, reads_only_arguments, working_copy
from slimify.facts.shells import is_posix_shell, runs_in_shell
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect
from slimify.semantics.paths import inside_any

Groups = tuple[tuple[Effect, ...], ...]  # the effects of each command

_IN_ROOT = Reason.of("SL221", "root_files")


def read_together(effects: Groups) -> Groups:
    """The effects, with what later ones show about earlier ones, and those of a pipeline about its output."""
    effects = tuple(map(_with_readers, effects))
    flat = [e for group in effects for e in group]
    found = {id(e): new for at, e in enumerate(flat) if (new := _seen_from_later(e, flat, at)) is not None}
    return tuple(tuple(found.get(id(e), e) for e in group) for group in effects) if found else effects


def _with_readers(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """The effects of one command, where files that its output goes to come from all that it may read. What
    changes a working copy reads it."""
    effects = tuple(
        replace(e, reads=(*e.reads, e.cwd))
        if e.kind == "files" and e.cwd in e.writes and working_copy(e.tool)
        else e
        for e in effects
    )
    if not any(e.kind == "files" and e.command.redirects for e in effects):
        return effects
    read = dict.fromkeys(path for e in effects for path in _may_read(e))
    return tuple(
        replace(e, reads=tuple(dict.fromkeys((*e.reads, *read))))
        if read and e.kind == "files" and e.command.redirects
        else e
        for e in effects
    )


def _may_read(effect: Effect) -> tuple[str, ...]:
    """Where a command that prints something may read files which its arguments do not name. What a group or a
    script does is among the effects."""
    prints = effect.kind == "check" or (effect.kind == "files" and effect.command.redirects)
    tool = effect.tool
    followed = not tool or is_posix_shell(tool)
    if not prints or not effect.cwd or followed or runs_in_shell(tool) or reads_only_arguments(tool):
        return ()
    named = tuple(w.value for w in effect.command.words[1:] if w.value and w.value.startswith("/"))
    return named if named and lists_directories(tool) else (effect.cwd, *named)


def left_caches(effects: Iterable[Effect]) -> tuple[str, ...]:
    """What builds keep for the next one, and nothing behind them deletes."""
    left: dict[str, None] = {}
    for effect in effects:
        left = {path: None for path in left if not inside_any(path, effect.deletes)}
        left |= dict.fromkeys(effect.caches if effect.kind == "build" else ())
    return (*left,)


def _seen_from_later(effect: Effect, effects: Sequence[Effect], at: int) -> Effect | None:
    if effect.kind == "unpack":
        tree = _source_tree(effects, at)
        return replace(effect, writes=(tree,), writes_anywhere=False, why=None) if tree else None
    if effect.kind == "app" and effect.action == "run" and _is_compiled_later(effect, effects[at:]):
        here = (effect.cwd,) if effect.cwd is not None else ()
        made = replace(effect, kind="compile", action=Action.GENERATE, writes=here, why=None)
        return replace(made, reads_anything=True, writes_anywhere=not here)
    return None


def _source_tree(effects: Sequence[Effect], at: int) -> str | None:
    """The directory that an archive unpacks into the working directory, if the next `cd` shows it: an archive
    of sources that is called like it has all of its files there (GNU Coding Standards, Making Releases)."""
    unpacked = effects[at]
    entered = next((b.cwd for a, b in pairwise(effects[at + 1 :]) if a.tool == "cd"), None)
    here = unpacked.why == _IN_ROOT if unpacked.cwd == "/" else unpacked.writes == (unpacked.cwd,)
    if not here or entered is None or posixpath.dirname(entered) != unpacked.cwd:
        return None
    parts = re.split(r"[-_.]", posixpath.basename(entered))
    words = (word.text for e in effects[: at + 1] for word in e.command.words[1:])
    return entered if any(all(part in word for part in parts) for word in words) else None


def _is_compiled_later(effect: Effect, later: Sequence[Effect]) -> bool:
    """Whether the project whose code runs is compiled after that: its code generates sources, and like a
    build it is assumed to write below its directory."""
    known = language(effect.ecosystem)
    compiled = known is not None and known.is_compiled
    return compiled and any(e.does("compile", effect.ecosystem) and e.cwd == effect.cwd for e in later)
