"""The words of Docker's and tar's command lines, as far as scripts that hand files over use them."""

from __future__ import annotations

import re

_BARE = re.compile(
    r"-[dDitqP]+|-it|-ti|--(rm|detach|interactive|tty|init|privileged|quiet|no-cache|pull|force-rm|compress|squash"
    r"|push|load|read-only|publish-all|no-healthcheck|sig-proxy|archive|follow-link)(=.*)?"
)


def name_of(word: str) -> str:
    """A tag or the name of a container, as it is compared: `${X}` is `$X`, `latest` goes without saying."""
    return re.sub(r"\$\{(\w+)\}", r"$\1", word).removesuffix(":latest")


def options_of(
    words: list[str], operands: int, *, stop: bool = False
) -> tuple[dict[str, list[str]], list[str]]:
    """Options with their values, and the operands; with `stop`, all behind the first is one."""
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


def tar_of(words: list[str], mode: str) -> tuple[str, list[str]] | None:
    """The directory and the members of a tar command that reads or writes a pipe; None if it does more."""
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
