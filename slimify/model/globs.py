"""Wildcard patterns, matched in linear time. `re` may try every way to divide a text among several wildcards,
and patterns are often a stranger's."""

from __future__ import annotations

import re

# A token of a pattern is the regular expression of one character, or one of these.
NAME, TREE, REST = "[^/]*", "(?:.*/)?", ".*"
Tokens = tuple[str, ...]

_MEANT = {"**/": TREE, "**": REST, "*": NAME, "?": "[^/]"}


def tokens(pattern: str) -> Tokens:
    """The tokens of a pattern: `*` and `?` match no slash, `**` does, `**/` is directories or nothing."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return tuple(
        token for part in parts for token in ([_MEANT[part]] if part in _MEANT else map(re.escape, part))
    )


def matches(pattern: Tokens, text: str) -> bool:
    """Whether the tokens match the whole text. `ends` are all offsets where the tokens so far may end."""
    ends = {0}
    for token in pattern:
        if token == TREE:
            ends |= {at + 1 for at in range(min(ends), len(text)) if text[at] == "/"}
        elif token == REST:
            ends = set(range(min(ends), len(text) + 1))
        elif token == NAME:
            started, within = ends, False
            ends = set()
            for at, char in enumerate(text + "/"):
                within = within or at in started
                ends |= {at} if within else set()
                within = within and char != "/"
        else:
            one = re.compile(token, re.DOTALL)
            ends = {at + 1 for at in ends if one.match(text, at)}
        if not ends:
            return False
    return len(text) in ends


def finding(name: str, any_text: str) -> str:
    """A regular expression that finds a name with wildcards: each `*` is the shortest of `any_text`."""
    first, *others = map(re.escape, name.split("*"))
    if not others:
        return first
    inner = "".join(f"(?>{any_text}{part})" for part in others[:-1])
    return f"{first}{inner}{any_text}{others[-1]}"
