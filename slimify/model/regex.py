"""Regular expressions that are compiled when they are first used: a run uses few of those that its modules
define, and to compile one takes longer than to import a module."""

from __future__ import annotations

import re
from typing import AnyStr, Generic, cast

_METHODS = (
    "findall",
    "finditer",
    "fullmatch",
    "groupindex",
    "groups",
    "match",
    "search",
    "split",
    "sub",
    "subn",
)


class _Regex(Generic[AnyStr]):
    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self.pattern: AnyStr = pattern
        self.flags = flags

    def __getattr__(self, name: str) -> object:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self.flags)
        self.__dict__.update((method, getattr(compiled, method)) for method in _METHODS)
        return self.__dict__[name]


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` makes, made when it is first used."""
    return cast("re.Pattern[AnyStr]", _Regex(pattern, flags))
