"""Command lines of Docker and tar, as far as build scripts use them."""

from __future__ import annotations

import re

from msgspec import Struct

_BARE = re.compile(
    r"-[dDitqP]+|-it|-ti|--(rm|detach|interactive|tty|init|privileged|quiet|no-cache|pull|force-rm|compress|squash"
    r"|push|load|read-only|publish-all|no-healthcheck|sig-proxy|archive|follow-link)(=.*)?"
)


class DockerBuild(Struct, frozen=True, kw_only=True):
    """The arguments of `docker build`; `other` are the names of options that are none of these."""

    context: str
    file: str
    tags: tuple[str, ...]
    args: tuple[str, ...]
    target: str
    other: frozenset[str]


def docker_build(words: list[str]) -> DockerBuild:
    options, operands = parse_options(words, 1)

    def values(*names: str) -> tuple[str, ...]:
        return tuple(value for name in names for value in options.get(name, ()))

    return DockerBuild(
        context=operands[0] if operands else "",
        file=("", *values("--file", "-f"))[-1],
        tags=values("-t", "--tag"),
        args=values("--build-arg"),
        target=("", *values("--target"))[-1],
        other=frozenset(options) - {"-f", "--file", "-t", "--tag", "--build-arg", "--target"},
    )


def normalized_name(word: str) -> str:
    """A tag or container name, normalized for comparison: `${X}` as `$X`, without `:latest`."""
    return re.sub(r"\$\{(\w+)\}", r"$\1", word).removesuffix(":latest")


def parse_options(
    words: list[str], operands: int, *, stop: bool = False
) -> tuple[dict[str, list[str]], list[str]]:
    """Options with their values, and operands. With `stop`, all words after `operands` are operands."""
    options: dict[str, list[str]] = {}
    found: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if (stop and len(found) >= operands) or not word.startswith("-") or word == "-":
            found.append(word)
        elif word.startswith("--") and "=" in word:
            name, _, value = word.partition("=")
            options.setdefault(name, []).append(value)
        elif _BARE.fullmatch(word) and not (word == "-t" and operands == 1 and not stop):
            options.setdefault(word, []).append("")
        else:
            options.setdefault(word, []).append(words[at] if at < len(words) else "")
            at += 1
    return options, found


def parse_tar(words: list[str], mode: str) -> tuple[str, list[str]] | None:
    """Directory and members of a tar command on a pipe; None if it has other options.

    `mode` is "c" (create) or "x" (extract).
    """
    folder, members, at = "", [], 0
    if words and re.fullmatch(rf"-?[{mode}vfzjpP]+", words[0]) and mode in words[0]:
        at = 1
        if "f" in words[0]:
            if words[at : at + 1] != ["-"]:
                return None
            at += 1
    else:
        return None
    while at < len(words):
        word = words[at]
        at += 1
        if word in ("-C", "--directory"):
            folder = words[at] if at < len(words) else ""
            at += 1
        elif word.startswith("--directory="):
            folder = word.partition("=")[2]
        elif word in ("-f", "-") or word in ("-z", "-v", "-p"):
            continue
        elif word.startswith("-"):
            return None
        else:
            members.append(word)
    return folder, members
