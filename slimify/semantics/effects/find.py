"""find and xargs: search, delete, and run other commands on what was found."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from slimify.facts.commands import values
from slimify.facts.system import regenerated
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.effects.call import Arg, Call, first_value, literal_arg
from slimify.semantics.effects.files import deletion
from slimify.semantics.effects.printed import stdin_text

_EXEC = ("-exec", "-execdir", "-ok", "-okdir")
# Tests that select only some of the files below the starting points.
_SELECTING_TESTS = regex(
    r"-i?(?:name|path|regex)|-i?wholename|-lname|-size|-empty|-m?newer\w*|-[amc](?:time|min)|-perm|-executable"
    r"|-user|-group|-nouser|-nogroup|-uid|-gid|-(?:min|max)depth|-not|!|\\!|-samefile|-inum|-links|-used"
)


def find(call: Call) -> tuple[Effect, ...]:
    """Only searches, unless it has -delete or -exec."""
    starts: list[Arg] = []
    for arg in call.args:
        if arg.prefix in ("-H", "-L", "-P"):
            continue
        if arg.prefix.startswith(("-", "(", "!", "\\")):
            break
        starts.append(arg)
    where: list[Arg | str] = list(starts) or ["."]
    names = [arg.value for arg in call.args]
    effects: list[Effect] = []
    if "-delete" in names:
        effects += _deletion(call, "find", where, names)
    at = 0
    while at < len(names):
        if names[at] in _EXEC:
            end = next((i for i in range(at, len(names)) if names[i] in (";", "+", "\\;")), len(names))
            words = call.args[at + 1 : end]
            effects += _command_effects(call, words, where, names)
            at = end
        at += 1
    return tuple(effects) or call.effect("check")


def _only_regenerated(names: Sequence[str | None]) -> bool:
    """Whether find only selects files that are regenerated or unused at run time."""
    wanted = {after for name, after in pairwise(names) if name in ("-name", "-iname", "-path", "-regex")}
    return bool(wanted) and wanted <= regenerated()


def _is_selective(names: Sequence[str | None]) -> bool:
    """Whether find selects only some of the files, so that others remain."""
    return any(_SELECTING_TESTS.fullmatch(name) for name in names if name)


def _deletion(
    call: Call, tool: str, where: Sequence[Arg | str], tests: Sequence[str | None]
) -> tuple[Effect, ...]:
    """The deletion of what these tests of find select below `where`."""
    return deletion(call, where, tool=tool, surplus=_only_regenerated(tests), some=_is_selective(tests))


def _command_effects(
    call: Call, words: Sequence[Arg], where: Sequence[Arg | str], tests: Sequence[str | None] = ()
) -> tuple[Effect, ...]:
    """The effects of a command on the files below `where` that these tests of find select."""
    name = first_value(words).rpartition("/")[2]
    if name in ("rm", "rmdir", "unlink"):
        return _deletion(call, name, where, tests)
    places = tuple(word if isinstance(word, Arg) else literal_arg(word) for word in where)
    if not any("{}" in word.text for word in words):
        return call.start((*words, *places))
    effects: list[Effect] = []
    for place in places:
        put = tuple(_with_place(word, place) for word in words)
        effects += call.start(put)
    return tuple(dict.fromkeys(effects))


def _with_place(word: Arg, place: Arg) -> Arg:
    """The word with `{}` replaced. Inside a word it stands for some file below the place."""
    if word.value == "{}":
        return place
    if word.value is None or "{}" not in word.value:
        return word
    head = word.value.partition("{}")[0]
    text = head + (place.value or "") + "/"
    return replace(word, value=None, prefix=text)


def xargs(call: Call) -> tuple[Effect, ...]:
    """Runs the command on its input: what find finds, or words that are known, else anything."""
    options = call.options(values("xargs"), stop=True)
    words = options.operands
    if not words:
        return call.effect("check")
    mark = options.value("-I", "--replace")
    if mark:
        words = tuple(replace(w, text="{}", value="{}") if w.value == mark else w for w in words)
    upstream = call.upstream
    if upstream is not None and upstream.name == "find":
        starts = tuple(a for a in upstream.args[:1] if not a.prefix.startswith("-"))
        return _command_effects(call, words, starts or (".",), [a.value for a in upstream.args])
    file = options.value("-a", "--arg-file")
    paths = call.known_paths((file,) if file else ())
    text = stdin_text(call) if not file else call.state.view.text(paths[0]) if paths else None
    if text is None or any(c in text for c in "'\"\\"):
        return _command_effects(call, words, (Arg(value=None, text="$(standard input)"),))
    lines = [[*words, *map(literal_arg, text.split())]]
    if mark:
        lines = [[literal_arg(w.shown.replace("{}", line)) for w in words] for line in text.splitlines()]
    effects = [effect for line in lines for effect in call.start(line)] or call.effect("check")
    return tuple(replace(e, reads=(*e.reads, *paths)) for e in effects)
