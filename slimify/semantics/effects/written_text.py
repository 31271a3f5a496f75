"""The text of a file that a command writes from constant words: echo, printf, cat and tee; and the table that
crontab installs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from slimify.model.shell import Command
from slimify.semantics.effects.call import Arg, Call, output_files
from slimify.semantics.effects.redirects import appending
from slimify.semantics.effects.state import State

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {**dict(zip("nt\\\"'", "\n\t\\\"'", strict=True)), "c": ""}
_GROUP = "{"
_TABLE = "/var/spool/cron/crontabs"
_UNKNOWN_JOB = "@daily sh /dev/stdin\n"


def written_text(call: Call) -> tuple[str, str] | None:
    """The image path and the whole text of the file that a command writes; None if either is unknown.

    What is appended to a file that nothing has described is its whole text only if a script begins with it.
    """
    if call.name == "crontab":
        return _installed_table(call)
    operands = call.options().operands if call.name == "tee" else ()
    target: Arg | None = next(iter((*operands, *call.outputs)), None)
    path = call.path_of(target) if target is not None and target.value is not None else None
    text = _printed(call)
    if path is None or text is None:
        return None
    if call.appends or (call.name == "tee" and call.flag("-a", "--append")):
        before = call.state.view.text(path)
        if before is None and not text.startswith("#!"):
            return None
        text = (before or "") + text
    return path, text


def _installed_table(call: Call) -> tuple[str, str] | None:
    """The table of a user, whose jobs may be unknown: those that nobody could read are jobs as well."""
    options = call.options(("-u",))
    if call.flag("-l", "-r", "-e"):
        return None
    named = [o for o in options.operands if o.value != "-"]
    path = call.path_of(named[0]) if named and named[0].value is not None else None
    piped = _printed(call.upstream) if call.upstream is not None else call.stdin
    text = call.state.view.text(path) if path is not None else None if named else piped
    return f"{_TABLE}/{options.value('-u') or 'root'}", _UNKNOWN_JOB if text is None else text


def group_call(calls: Sequence[Call | None], state: State, behind: Command | None = None) -> Call | None:
    """A group of commands as one that prints what they print; None if that is not known. `behind` has the
    redirects of the group."""
    known = [call for call in calls if call is not None]
    texts = ["" if call.outputs else _printed(call) for call in known]
    printed = [text for text in texts if text is not None]
    if not known or len(printed) < len(calls):
        return None
    outputs = output_files(behind, state) if behind is not None else ()
    appends = behind is not None and appending(behind)
    own = replace(known[-1], name=_GROUP, path=_GROUP, args=(), upstream=None, state=state)
    return replace(own, stdin="".join(printed), outputs=outputs, appends=appends)


def _printed(call: Call) -> str | None:
    """What a command prints; None if that is not known."""
    if call.name in ("cat", "tee", _GROUP) and call.stdin is not None:
        return call.stdin
    if call.name == "crontab" and call.flag("-l"):
        return call.state.view.text(f"{_TABLE}/root") or ""
    if call.name == "tee":
        return _printed(call.upstream) if call.upstream is not None else None
    words = [arg.value for arg in call.args]
    if call.name not in ("echo", "printf") or not words or None in words:
        return None
    known = [word for word in words if word is not None]
    return _echo(known, call) if call.name == "echo" else _printf(known)


def _echo(words: list[str], call: Call) -> str:
    options = next((at for at, word in enumerate(words) if not re.fullmatch(r"-[neE]+", word)), len(words))
    given, text = set("".join(words[:options])), " ".join(words[options:])
    # dash, the /bin/sh of Debian, has escapes in any case, bash only with -e
    if given & set("e") or call.state.shell[0].endswith("/sh"):
        text = _unescaped(text)
    return text if given & set("-n") == set("-n") else text + "\n"


def _printf(words: list[str]) -> str | None:
    form, values = _unescaped(words[0]), words[1:]
    if "%" not in form:
        return form
    if form.count("%") != 1 or form.count("%s") != 1 or not values:
        return None
    return "".join(form.replace("%s", value) for value in values)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), text)
