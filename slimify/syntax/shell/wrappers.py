"""Commands that only start another command, and shells that get their script as a word."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.shell import Command, Word

SHELLS = frozenset({"sh", "bash", "dash", "ash"})


class _Wrapper(Struct, frozen=True):
    """How to find the inner command: options with a value, then `operands` words of its own."""

    valued: str = ""  # short options that take a value
    valued_long: tuple[str, ...] = ()
    operands: int = 0
    assigns: bool = False  # NAME=value words may come before the command
    last: tuple[str, ...] = ()  # options after which there is no inner command


_WRAPPERS = {
    "sudo": _Wrapper(
        "CDghpRrTtUu",
        ("--user", "--group", "--chdir", "--host", "--prompt"),
        assigns=True,
        last=("-e", "-l", "-v", "-V", "-K", "-k", "-s", "-i"),
    ),
    "doas": _Wrapper("Cu"),
    "env": _Wrapper("uC", ("--unset", "--chdir"), assigns=True, last=("-S",)),
    "time": _Wrapper("fo", ("--format", "--output")),
    "nice": _Wrapper("n", ("--adjustment",)),
    "ionice": _Wrapper("cn", ("--class", "--classdata")),
    "nohup": _Wrapper(),
    "setsid": _Wrapper(),
    "stdbuf": _Wrapper("ioe", ("--input", "--output", "--error")),
    "timeout": _Wrapper("ks", ("--kill-after", "--signal"), operands=1),
    "exec": _Wrapper("a"),
    "command": _Wrapper(last=("-v", "-V")),
    "builtin": _Wrapper(),
    "eatmydata": _Wrapper(),
    "fakeroot": _Wrapper("lisub", ("--lib", "--faked")),
    "gosu": _Wrapper(operands=1),
    "su-exec": _Wrapper(operands=1),
    "setpriv": _Wrapper(
        "", ("--reuid", "--regid", "--groups", "--inh-caps", "--ambient-caps", "--bounding-set")
    ),
    "tini": _Wrapper("pe"),
    "dumb-init": _Wrapper("r", ("--rewrite",)),
    "catchsegv": _Wrapper(),
    "xvfb-run": _Wrapper(
        "efnpsw", ("--error-file", "--auth-file", "--server-num", "--server-args", "--wait")
    ),
    "chroot": _Wrapper("", ("--userspec", "--groups"), operands=1),
    "unbuffer": _Wrapper(),
    "busybox": _Wrapper(),
}


def unwrap(command: Command) -> Command | None:
    """The command that a wrapper (`sudo`, `env X=1`, `time`, `gosu app`, `tini --`, …) starts.

    None if this is no wrapper, or if what it starts cannot be told. One layer at a time; the
    words keep their spans, `env` assignments move to `assigns`.
    """
    name = command.name
    if not name:
        return None
    wrapper = _WRAPPERS.get(name.rsplit("/", 1)[-1])
    if wrapper is None:
        return None
    at = _behind_options(command, wrapper)
    if at is None:
        return None
    assigns = list(command.assigns)
    words = command.words
    while wrapper.assigns and at < len(words) and "=" in words[at].text:
        key, _, text = words[at].text.partition("=")
        if not key.isidentifier():
            break
        word = words[at]
        value = None if word.value is None else word.value.partition("=")[2]
        assigns.append((key, replace(word, text=text, value=value, start=word.start + len(key) + 1)))
        at += 1
    while name.endswith("env") and at < len(words) and _substituted(words[at]):
        at += 1  # `env $(cat .env | xargs) CMD`: what a file assigns
    at += wrapper.operands
    if at >= len(words):
        return None
    return replace(command, words=words[at:], assigns=tuple(assigns))


def _substituted(word: Word) -> bool:
    """A word that is nothing but what another command prints, without quotes: it may become several."""
    return word.value is None and word.text.startswith(("$(", "`")) and word.text.endswith((")", "`"))


def _behind_options(command: Command, wrapper: _Wrapper) -> int | None:
    """The index of the first word behind the wrapper's options; None if unsure."""
    at = 1
    while at < len(command.words):
        option = command.words[at].value
        if option is None:
            # behind other options it could be the value of one of them
            assigned = wrapper.assigns and "=" in command.words[at].text
            return at if at == 1 or assigned else None
        if option == "--":
            return at + 1
        if not option.startswith("-") or option == "-":
            return at
        if option in wrapper.last:
            return None
        at += 1
        if option.startswith("--"):
            at += option in wrapper.valued_long
        elif wrapper.valued and option[-1] in wrapper.valued and not _has_value(option, wrapper.valued):
            at += 1
    return None


def _has_value(option: str, valued: str) -> bool:
    """Whether an earlier letter of a bundle (`-n10`) takes the rest as its value."""
    return any(letter in valued for letter in option[1:-1])


def inner_scripts(command: Command) -> tuple[str, ...]:
    """The static shell texts that a command runs: `sh -c '…'`, `su -c "…" user`, `eval '…'`.

    Also the body of a static here-document that a shell reads (`bash <<'EOF'`). Read each with
    `slimify.syntax.shell.script.read`. Wrappers are not looked through; see `unwrap`.
    """
    name = (command.name or "").rsplit("/", 1)[-1]
    words = [word.value for word in command.words[1:]]
    if name == "eval":
        return (" ".join(w for w in words if w is not None),) if words and None not in words else ()
    if name == "su":
        return _behind_c(words, operands_first=True)
    if name not in SHELLS:
        return ()
    found = _behind_c(words)
    if found or any(word is not None and not word.startswith("-") for word in words):
        return found
    bodies = [r.target.value for r in command.redirects if r.op in ("<<", "<<-", "<<<")]
    return (bodies[-1],) if bodies and bodies[-1] is not None else ()


_VALUED = {False: ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"), True: ("-s", "--shell", "-g", "-G")}


def _behind_c(words: list[str | None], operands_first: bool = False) -> tuple[str, ...]:
    """The operand of `-c`, which may be the end of a bundle (`-lc`, `-exc`)."""
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word is None:
            return ()
        if word.startswith("--command="):
            return (word.partition("=")[2],)
        if not word.startswith(("-", "+")) and not operands_first:
            return ()
        if word == "--command" or (word[:1] == "-" and word[:2] != "--" and "c" in word[1:]):
            while at < len(words) and (words[at] or "").startswith(("-", "+")):
                at += 1
            script = words[at] if at < len(words) else None
            return (script,) if script is not None else ()
        if word in _VALUED[operands_first]:
            at += 1
    return ()


def words_of_command(command: Command) -> tuple[str, ...] | None:
    """The values of a plain command's words; None if one is not static or there is more to it."""
    if command.context or command.assigns or command.redirects or command.negated:
        return None
    values = tuple(word.value for word in command.words)
    return None if None in values else tuple(value for value in values if value is not None)
