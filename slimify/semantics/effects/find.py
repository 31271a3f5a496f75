"""find and xargs: looking, deleting, and starting other commands on what is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec.structs import replace

from slimify.facts.commands import values
from slimify.model.effects import Effect, EffectKind
from slimify.semantics.effects.call import Arg, Call
from slimify.semantics.effects.files import disposable

# Files that are made again by themselves, or that nothing reads at run time.
_SURPLUS = frozenset({"*.pyc", "*.pyo", "__pycache__", "*.a", "*.la"})
_EXEC = ("-exec", "-execdir", "-ok", "-okdir")
# Tests that leave some of what lies below the starting points.
_PICKS = re.compile(
    r"-i?(?:name|path|regex)|-i?wholename|-lname|-size|-empty|-m?newer\w*|-[amc](?:time|min)|-perm|-executable"
    r"|-user|-group|-nouser|-nogroup|-uid|-gid|-(?:min|max)depth|-not|!|\\!|-samefile|-inum|-links|-used"
)


def _find(call: Call) -> tuple[Effect, ...]:
    """It looks, unless -delete or -exec say otherwise."""
    starts: list[Arg] = []
    for arg in call.args:
        if arg.prefix in ("-H", "-L", "-P"):
            continue
        if arg.prefix.startswith(("-", "(", "!", "\\")):
            break
        starts.append(arg)
    where: list[Arg | str] = list(starts) or ["."]
    names = [arg.value for arg in call.args]
    some = _some(names)
    effects: list[Effect] = []
    if "-delete" in names:
        effects.append(_deleted(call, "find", where, surplus=_surplus(names), some=some))
    at = 0
    while at < len(names):
        if names[at] in _EXEC:
            end = next((i for i in range(at, len(names)) if names[i] in (";", "+", "\\;")), len(names))
            words = call.args[at + 1 : end]
            effects += _on_files(call, words, where, surplus=_surplus(names), some=some)
            at = end
        at += 1
    return tuple(effects) or (call.effect("check"),)


def _surplus(names: Sequence[str | None]) -> bool:
    """Whether find looks for surplus files only."""
    wanted = {after for name, after in pairwise(names) if name in ("-name", "-iname", "-path", "-regex")}
    return bool(wanted) and wanted <= _SURPLUS


def _some(names: Sequence[str | None]) -> bool:
    """Whether find picks some of what it comes by, so that the rest is left."""
    return any(_PICKS.fullmatch(name) for name in names if name)


def _deleted(
    call: Call, tool: str, where: Sequence[Arg | str], *, surplus: bool = False, some: bool = False
) -> Effect:
    paths, lost = call.targets(where)
    clean = surplus or (bool(paths) and all(disposable(path, call.home()) for path in paths))
    if some:
        paths = tuple(f"{path.rstrip('/')}/*" for path in paths)
    kind: EffectKind = "cache" if clean else "files"
    if lost is not None:
        why = f"{lost.text} is unknown"
        return call.effect(kind, "delete", tool=tool, deletes=paths, writes_anywhere=True, why=why)
    return call.effect(kind, "delete", tool=tool, deletes=paths)


def _on_files(
    call: Call,
    words: Sequence[Arg],
    where: Sequence[Arg | str],
    *,
    surplus: bool = False,
    some: bool = False,
) -> tuple[Effect, ...]:
    """What a command does to files below `where`, which stand for its `{}`, or come behind its words."""
    name = (words[0].value or "").rpartition("/")[2] if words else ""
    if name in ("rm", "rmdir", "unlink"):
        return (_deleted(call, name, where, surplus=surplus, some=some),)
    places = tuple(
        word if isinstance(word, Arg) else Arg(value=word, text=word, prefix=word) for word in where
    )
    if not any("{}" in word.text for word in words):
        return call.start((*words, *places))
    effects: list[Effect] = []
    for place in places:
        put = tuple(_filled(word, place) for word in words)
        effects += call.start(put)
    return tuple(dict.fromkeys(effects))


def _filled(word: Arg, place: Arg) -> Arg:
    """The word with `{}` replaced; in the middle of a word it is some file below the place."""
    if word.value == "{}":
        return place
    if word.value is None or "{}" not in word.value:
        return word
    head = word.value.partition("{}")[0]
    text = head + (place.value or "") + "/"
    return replace(word, value=None, prefix=text)


def _xargs(call: Call) -> tuple[Effect, ...]:
    """The command gets what its upstream prints: known for find and echo, else anything."""
    options = call.options(values("xargs"), stop=True)
    words = options.operands
    if not words:
        return (call.effect("check"),)
    mark = options.value("-I", "--replace")
    if mark:
        words = tuple(replace(w, text="{}", value="{}") if w.value == mark else w for w in words)
    upstream = call.upstream
    if upstream is not None and upstream.name == "find":
        starts = tuple(a for a in upstream.args[:1] if not a.prefix.startswith("-"))
        names = [a.value for a in upstream.args]
        return _on_files(call, words, starts or (".",), surplus=_surplus(names), some=_some(names))
    if upstream is not None and upstream.name == "echo":
        return call.start((*words, *upstream.args))
    return _on_files(call, words, (Arg(value=None, text="$(standard input)"),))


HANDLERS: dict[str, Callable[[Call], tuple[Effect, ...]]] = {"find": _find, "xargs": _xargs}
