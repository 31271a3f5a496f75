"""Facts about shells, their builtins and reserved words, and about wrappers, which only start other commands.

Unless stated otherwise, each function takes one word of a command line: a name or a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from msgspec import Struct, convert

from slimify.facts import load


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


class _Shells(Struct, frozen=True, kw_only=True):
    posix: frozenset[str]
    all: frozenset[str]
    endings: tuple[str, ...]
    builtins: frozenset[str]
    special: frozenset[str]
    state: frozenset[str]
    reserved: frozenset[str]
    wrappers: Mapping[str, Wrapper]
    change_user: frozenset[str]


@cache
def _shells() -> _Shells:
    data = load("shells.toml")
    shells, builtins, reserved = (
        {key: frozenset(text.split()) for key, text in data[kind].items()}
        for kind in ("shells", "builtins", "reserved")
    )
    wrappers = convert(data["wrappers"], dict[str, Wrapper])
    changing = (name for name, wrapper in wrappers.items() if wrapper.user)
    return _Shells(
        posix=shells["posix"],
        all=shells["posix"] | shells["others"],
        endings=tuple(shells["endings"]),
        builtins=builtins["special"] | builtins["state"] | builtins["others"],
        special=builtins["special"],
        state=builtins["state"],
        reserved=reserved["words"],
        wrappers=wrappers,
        change_user=frozenset((*data["users"]["change"].split(), *changing)),
    )


def is_shell(word: str) -> bool:
    """Whether a program is a shell, which takes `-c TEXT` or a script."""
    return word.rpartition("/")[2] in _shells().all


def is_posix_shell(word: str) -> bool:
    """Whether a program is a shell whose syntax slimify parses: POSIX sh with bash's extensions."""
    return word.rpartition("/")[2] in _shells().posix


@cache
def shell_pattern() -> str:
    """The names of all shells as an alternative in a regular expression: `(?:ash|bash|…)`."""
    return f"(?:{'|'.join(sorted(_shells().all))})"


@cache
def _first_line() -> re.Pattern[str]:
    return re.compile(rf"#!.*\b{shell_pattern()}\b")


def is_shell_script(text: str) -> bool:
    """Whether the first line of a text (`#!`) names a shell."""
    return _first_line().match(text) is not None


def is_shell_file(path: str) -> bool:
    """Whether a file is a shell script, judged by its name."""
    return path.endswith(_shells().endings)


def is_builtin(name: str) -> bool:
    """Whether a command is a shell builtin. Takes a name; a path is never a builtin."""
    return name in _shells().builtins


def is_special_builtin(name: str) -> bool:
    """Whether an assignment before this builtin persists (POSIX, 2.15 Special built-in utilities)."""
    return name in _shells().special


def changes_shell_state(name: str | None) -> bool:
    """Whether this builtin affects later commands of the same shell."""
    return name in _shells().state


def is_reserved(word: str) -> bool:
    """Whether a word at the position of a command is a reserved word."""
    return word in _shells().reserved


def wrapper(word: str) -> Wrapper | None:
    """How to find the command that a wrapper starts; None if the program is no wrapper."""
    return _shells().wrappers.get(word.rpartition("/")[2])


def runs_in_shell(name: str) -> bool:
    """Whether the shell itself executes this word: a builtin, or a reserved word of bash."""
    known = wrapper(name)
    return is_builtin(name) or (known is not None and known.keyword)


def changes_user(word: str) -> bool:
    """Whether a program runs its command as another user: sudo, gosu, su, …"""
    return word.rpartition("/")[2] in _shells().change_user
