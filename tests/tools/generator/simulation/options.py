"""Command lines of programs, split."""

from __future__ import annotations

from tools.generator.simulation.shell import (
    Unmodelled,
)


def split_options(
    argv: list[str], known: str = "", values: str = ""
) -> tuple[set[str], dict[str, str], list[str]]:
    """Single-letter and long options, options with a value, and the other words."""
    flags, named, words = set(), {}, []
    rest = list(argv[1:])
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            if value:
                named[name] = value
            elif name in values.split():
                named[name] = rest.pop(0)
            else:
                flags.add(name)
        elif word.startswith("-") and len(word) > 1:
            letters = word[1:]
            for at, letter in enumerate(letters):
                if letter in values.split():
                    named[letter] = letters[at + 1 :] or rest.pop(0)
                    break
                flags.add(letter)
        else:
            words.append(word)
    unknown = flags - set(known.split())
    if unknown:
        raise Unmodelled(f"{argv[0]}: options {sorted(unknown)} in {argv}")
    return flags, named, words
