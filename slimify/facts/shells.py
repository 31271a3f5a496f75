"""Facts about shells, their builtins and reserved words, and about wrappers, which only start other commands.

Unless stated otherwise, each function takes one word of a command line: a name or a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from msgspec import Struct, convert

from slimify.facts import among, load, program_among, words
from slimify.model.regex import regex

_FILE = "shells.toml"


class Wrapper(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to find the command that a wrapper starts; shells.toml explains the fields."""

    valued: str = ""
    valued_long: tuple[str, ...] = ()
    operands: int = 0
    assigns: bool = False
    last: tuple[str, ...] = ()
    keyword: bool = False
    user: Literal["", "operand", "option"] = ""
    separated: bool = False
    script: bool = False


# Whether a program, given by name or path, is a shell: of POSIX sh with bash's extensions, whose syntax
# slimify parses, or another one.
is_posix_shell = program_among(_FILE, "shells", "posix")
_is_other_shell = program_among(_FILE, "shells", "others")

# Whether a word at the position of a command …
is_special_builtin = among(_FILE, "builtins", "special")  # keeps assignments before it (POSIX, 2.15)
changes_shell_state = among(_FILE, "builtins", "state")  # affects later commands of the same shell
is_reserved = among(_FILE, "reserved", "words")  # is a reserved word
_is_other_builtin = among(_FILE, "builtins", "others")


def is_shell(word: str) -> bool:
    """Whether a program is a shell, which takes `-c TEXT` or a script."""
    return is_posix_shell(word) or _is_other_shell(word)


def is_builtin(name: str) -> bool:
    """Whether a command is a shell builtin. Takes a name; a path is never a builtin."""
    return is_special_builtin(name) or changes_shell_state(name) or _is_other_builtin(name)


@cache
def _wrappers() -> Mapping[str, Wrapper]:
    return convert(load(_FILE)["wrappers"], dict[str, Wrapper])


@cache
def shell_pattern() -> str:
    """The names of all shells as an alternative in a regular expression: `(?:ash|bash|…)`."""
    return f"(?:{'|'.join(sorted({*words(_FILE, 'shells', 'posix'), *words(_FILE, 'shells', 'others')}))})"


@cache
def lookup_pattern() -> str:
    """A command that prints the place of a program, which is its group."""
    commands = "|".join(map(re.escape, load(_FILE)["lookups"]["commands"]))
    return rf"(?:{commands})\s+([\w.+-]+)"


@cache
def _first_line() -> re.Pattern[str]:
    return re.compile(rf"#!.*\b{shell_pattern()}\b")


def is_shell_script(text: str) -> bool:
    """Whether the first line of a text (`#!`) names a shell."""
    return _first_line().match(text) is not None


def is_shell_file(path: str) -> bool:
    """Whether a file is a shell script, judged by its name."""
    return path.endswith(words(_FILE, "shells", "endings"))


_PLAIN_SHEBANG = regex(r"#!\s*\S+(?: \w+)?\s*")


@cache
def _login(name: str) -> re.Pattern[str]:
    return re.compile(load(_FILE)["login"][name])


def is_login_file(path: str) -> bool:
    """Whether only login and interactive shells read a file in a home directory."""
    return _login("files").search(path) is not None


def starts_login_shell(text: str) -> bool:
    """Whether a command line, or a line of a script, starts a shell that reads these files."""
    lines = (x for x in text.splitlines() if not _PLAIN_SHEBANG.fullmatch(x))
    return any(_login("starts").search(line) for line in lines)


def wrapper(word: str) -> Wrapper | None:
    """How to find the command that a wrapper starts; None if the program is no wrapper."""
    return _wrappers().get(word.rpartition("/")[2])


def runs_in_shell(name: str) -> bool:
    """Whether the shell itself executes this word: a builtin, or a reserved word of bash."""
    known = wrapper(name)
    return is_builtin(name) or (known is not None and known.keyword)


def changes_user(word: str) -> bool:
    """Whether a program runs its command as another user: sudo, gosu, su, …"""
    name, known = word.rpartition("/")[2], wrapper(word)
    return name in words(_FILE, "users", "change") or (known is not None and bool(known.user))
