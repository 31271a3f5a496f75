"""Commands that run another command (`sudo`, `env`, `sh -c`)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slimify.facts.shells import Wrapper, is_posix_shell
from slimify.facts.shells import wrapper as wrapper_of
from slimify.model.shell import Command, Word


def unwrap(command: Command) -> Command | None:
    """The command that a wrapper (`sudo`, `env X=1`, `time`, `gosu app`, `tini --`, …) starts.

    Removes one wrapper. Words keep their spans, and assignments of `env` move to `assigns`. None if
    the command is not a wrapper, or if its inner command is not known.
    """
    name = command.name
    if not name:
        return None
    wrapper = wrapper_of(name)
    if wrapper is None:
        return None
    at = _command_index(command, wrapper)
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
    while name.endswith("env") and at < len(words) and _is_substitution(words[at]):
        at += 1  # `env $(cat .env | xargs) CMD`: assignments from a file
    at += wrapper.operands
    if at >= len(words):
        return None
    return replace(command, words=words[at:], assigns=tuple(assigns))


def _is_substitution(word: Word) -> bool:
    """Whether a word is one unquoted command substitution, which may expand to several words."""
    return word.value is None and word.text.startswith(("$(", "`")) and word.text.endswith((")", "`"))


def _command_index(command: Command, wrapper: Wrapper) -> int | None:
    """The index of the first word after the wrapper's options, or None if it is not known."""
    if wrapper.separated:
        words = [word.value for word in command.words]
        return words.index("--") + 1 if "--" in words else None
    at = 1
    while at < len(command.words):
        option = command.words[at].value
        if option is None:
            # after an option it could be the value of that option
            assigned = wrapper.assigns and "=" in command.words[at].text
            return at if at == 1 or assigned else None
        if option == "--":
            return at + 1
        if not option.startswith("-") or option == "-":
            return at
        if option in wrapper.last:
            return None
        at += 1
        if option.startswith("--") or option in wrapper.valued_long:
            at += option in wrapper.valued_long or option[1:] in wrapper.valued_long
        elif wrapper.valued and option[-1] in wrapper.valued and not _has_value(option, wrapper.valued):
            at += 1
    return None


def _has_value(option: str, valued: str) -> bool:
    """Whether an earlier letter of a bundle (`-n10`) takes the remainder as its value."""
    return any(letter in valued for letter in option[1:-1])


def inner_scripts(command: Command) -> tuple[str, ...]:
    """The static scripts that a command runs: `sh -c '…'`, `su -c "…" user`, `eval '…'`.

    Includes the static here-document of a shell (`bash <<'EOF'`). Parse each with
    `slimify.syntax.shell.script.read`. Call `unwrap` first to remove wrappers.
    """
    name = (command.name or "").rsplit("/", 1)[-1]
    words = [word.value for word in command.words[1:]]
    if name == "eval":
        return (" ".join(w for w in words if w is not None),) if words and None not in words else ()
    if name == "su":
        return _command_option(words, operands_first=True)
    if not is_posix_shell(name):
        return ()
    found = _command_option(words)
    if found or any(word is not None and not word.startswith("-") for word in words):
        return found
    bodies = [r.target.value for r in command.redirects if r.op in ("<<", "<<-", "<<<")]
    return (bodies[-1],) if bodies and bodies[-1] is not None else ()


_VALUED = {False: ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"), True: ("-s", "--shell", "-g", "-G")}


def _command_option(words: list[str | None], operands_first: bool = False) -> tuple[str, ...]:
    """The operand of `-c`, which may end a bundle (`-lc`, `-exc`)."""
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


def static_command_words(command: Command) -> tuple[str, ...] | None:
    """The values of a command's words. None if a word is not static, or the command has assignments,
    redirections, a negation or a context."""
    if command.context or command.assigns or command.redirects or command.negated:
        return None
    values = tuple(word.value for word in command.words)
    return None if None in values else tuple(value for value in values if value is not None)


def command_of(words: Sequence[str | None]) -> Command:
    """A plain command of these words, None for one whose value is not known."""
    return Command(words=tuple(Word(text=w or "$x", value=w, start=0, end=0) for w in words), start=0, end=0)
