"""Commands that copy, move, link, delete and edit files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cache

from msgspec.structs import replace

from slimify.facts.commands import values
from slimify.facts.language_files import all_files, below_home
from slimify.facts.system import pattern
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect
from slimify.semantics.effects.call import Arg, Call, parse_options
from slimify.semantics.effects.state import absolute
from slimify.semantics.paths import join_path


def deletion(
    call: Call, words: Iterable[Arg | str], *, tool: str = "", surplus: bool = False, some: bool = False
) -> tuple[Effect, ...]:
    """A command deletes the paths of words, or with `some` a part of what is below them. `surplus`: run time
    needs none of it."""
    paths, lost = call.targets(words)
    clean = lost is None and bool(paths) and all(is_disposable(path, call.home()) for path in paths)
    return call.effect(
        "cache" if clean or surplus else "files",
        "delete",
        tool=tool or call.name,
        deletes=tuple(f"{path.rstrip('/')}/*" for path in paths) if some else paths,
        writes_anywhere=lost is not None,
        why=None if lost is None else Reason.of("SL221", "word", word=lost.text),
    )


def rm(call: Call) -> tuple[Effect, ...]:
    return deletion(call, map(_with_wildcard, call.options().operands))


def _with_wildcard(arg: Arg) -> Arg:
    """A word to delete of which only the start is known, as a glob for that prefix."""
    if arg.value is None and arg.prefix.strip("/"):
        return replace(arg, value=arg.prefix + "*")
    return arg


def is_disposable(path: str, home: str | None) -> bool:
    """Whether deleting the path is cleanup: caches, package lists, logs, documentation, temporary files."""
    if home and path.startswith((f"{home}/.cache", *(f"{home}/{name}" for name in _home_caches()))):
        return True
    return bool(pattern("disposable").match(path)) or bool(_language_caches().match(path))


@cache
def _home_caches() -> tuple[str, ...]:
    return tuple(name for one in all_files() for name in one.home_caches)


@cache
def _language_caches() -> re.Pattern[str]:
    places = (place for one in all_files() for place in (*one.caches, *(f"~/{n}" for n in one.home_caches)))
    return re.compile(rf"(?:{'|'.join(map(below_home, places))})(?:/|\Z|\*)")


def copy_effects(call: Call) -> tuple[Effect, ...]:
    """cp, mv, install, ln: sources and a target, which is the last operand or the value of -t."""
    options = call.options(values("install" if call.name == "install" else "cp"))
    operands = options.operands
    if call.name == "install" and options.has("-d", "--directory"):
        return call.write_effect("files", "mkdir", writes=operands)
    target = options.last("-t", "--target-directory")
    sources: tuple[Arg, ...] = operands
    if target is None and len(operands) == 1 and call.name == "ln":
        target = Arg(value=".", text=".", prefix=".")
    elif target is None:
        if len(operands) < 2:
            return call.unknown(Reason.of("SL221", "files"))
        target, sources = operands[-1], operands[:-1]
    writes = _written_paths(call, sources, target)
    if call.name == "ln" and options.has("-s", "--symbolic"):
        reads = _link_targets(call, sources, target)
        return call.write_effect("files", Action.LINK, writes=writes, reads=reads)
    read = call.inputs(sources)
    if call.name == "mv":
        return call.write_effect("files", Action.MOVE, writes=writes, deletes=read["reads"], **read)
    return call.write_effect("files", Action.COPY, writes=writes, **read)


def _written_paths(call: Call, sources: Iterable[Arg], target: Arg) -> tuple[Arg | str, ...]:
    """The files that arrive in a target directory; else the target itself."""
    path = call.path_of(target)
    names = [posixpath.basename((source.value or "").rstrip("/")) for source in sources]
    simple = all(name and not re.search(r"[*?\[{]", name) and name not in (".", "..") for name in names)
    if path is None or target.value is None or not simple:
        return (target,)
    if (
        target.value.endswith(("/", "/."))
        or target.value in (".", "..")
        or len(names) > 1
        or call.state.view.is_dir(path)
    ):
        return tuple(posixpath.join(path, name) for name in names)
    return (target,)


def _link_targets(call: Call, sources: Iterable[Arg], target: Arg) -> tuple[str, ...]:
    """Targets of a symbolic link are relative to the link, not to the working directory."""
    place = call.path_of(target)
    base = call.state
    if place is not None:
        base = replace(base, cwd=place if call.state.view.is_dir(place) else posixpath.dirname(place))
    found = [absolute(source.value, base) for source in sources if source.value is not None]
    return tuple(path for path in found if path is not None)


def sed(call: Call) -> tuple[Effect, ...]:
    """sed -i, perl -i, yq -i: edit files in place. Without -i they only print."""
    inplace = any(_edits_in_place(call.name, arg.prefix) for arg in call.args)
    if not inplace and call.name == "perl":
        return call.unknown(Reason.of("SL221", "perl"))
    scripts = {"sed": ("-e", "--expression", "-f", "--file"), "perl": ("-e", "-I", "-M"), "yq": ("-P",)}[
        call.name
    ]
    cleaned = tuple(arg for arg in call.args if not re.match(r"-i\b|-i\.|--in-place", arg.prefix))
    options = parse_options(cleaned, scripts)
    operands = options.operands
    if not options.has(*scripts):
        operands = operands[1:]
    if not inplace:
        return call.effect("check", **call.inputs(operands))
    return call.write_effect("files", Action.EDIT, writes=operands)


def _edits_in_place(name: str, text: str) -> bool:
    if name == "sed":
        return bool(re.match(r"-[nErsuz]*i|--in-place", text))
    return bool(re.match(r"-[a-hj-zA-Z0]*i|--in-?place", text))


def dd(call: Call) -> tuple[Effect, ...]:
    target = next((a.prefix[3:] for a in call.args if a.prefix.startswith("of=")), None)
    return call.write_effect("files", Action.WRITE, writes=(target,)) if target else call.effect("check")


def formatter_effects(call: Call, *, printing: bool = False) -> tuple[Effect, ...]:
    """A source formatter. With `printing` it prints the result instead of editing files."""
    if (printing or call.flag("--check", "--check-only", "--diff")) and not call.flag("--fix"):
        return call.effect("check")
    return call.write_effect("files", Action.EDIT, writes=(".",))


def entered_by(effect: Effect) -> str | None:
    """The directory to which `cd` with a constant word changes; None for any other command."""
    if effect.tool != "cd":
        return None
    words = [w.value for w in effect.command.words[1:] if w.value and not w.value.startswith("-")]
    return join_path(effect.cwd, words[0]) if words else None
