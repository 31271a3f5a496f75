"""Languages that slimify does not rewrite yet, from other-languages.toml."""

from __future__ import annotations

from collections.abc import Iterable

from slimify.facts import load


def other_language(repository: str, started: Iterable[str], called: Iterable[str]) -> str:
    """The title of the language of an image, of a program that it starts, or that its build calls; "" if none
    of them tells. `repository` is the image's name without its tag; programs are names or paths."""
    rows = load("other-languages.toml")
    places = (((repository,), "images"), (started, "starts"), (started, "builds"), (called, "builds"))
    for words, key in places:
        titles = {name: title for title, row in rows.items() for name in row.get(key, "").split()}
        names = (word.rpartition("/")[2] for word in words)
        found = next((titles[name] for name in names if name in titles), "")
        if found:
            return found
    return ""
