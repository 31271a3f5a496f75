"""Where an answer leads: the place a redirect names, and what a page loads from the same server.

A start page that is there proves little when the rest of the site stayed behind: a login page behind a
redirect, a style sheet, a bundle of scripts.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import islice
from urllib.parse import urljoin, urlsplit

from slimify.verify.web import Answer

LIMIT = 8  # of what one page loads; a site that lacks one directory lacks the first of its files, too

# What a browser fetches by itself; links are left out, since following one may do something.
_LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ORIGIN = "http://localhost"  # as `Host` says in every request


def next_paths(path: str, answer: Answer) -> tuple[str, ...]:
    """The paths on the same server to be asked next, in the order of the page, each once."""
    if answer.status in _REDIRECTS:
        named: Iterator[str] = iter((answer.location,))
    elif answer.status == 200 and answer.kind == "text/html":
        named = _loaded_references(answer.body.decode("utf-8", "replace"))
    else:
        return ()
    local = (place for name in named if (place := _local_path(path, name)) and place != path)
    return tuple(islice(dict.fromkeys(local), LIMIT))


def _local_path(path: str, name: str) -> str:
    """A reference as the path to ask for, or "" where it leads to another server."""
    try:
        url = urlsplit(urljoin(f"{_ORIGIN}{path}", name.strip()))
    except ValueError:
        return ""
    if not name.strip() or url.scheme not in ("http", "https") or url.hostname not in ("localhost", None):
        return ""
    if not (url.path or "/").isascii() or any(sign in f"{url.path}{url.query}" for sign in " \t\r\n"):
        return ""
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _loaded_references(text: str) -> Iterator[str]:
    reader = _ReferenceReader()
    reader.feed(text)
    return iter(reader.found)


class _ReferenceReader(HTMLParser):
    """Collects what the elements of a page load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        value = values.get(_LOADS.get(tag, ""))
        if tag == "link" and not {"stylesheet", "icon", "manifest", "modulepreload"} & set(
            (values.get("rel") or "").lower().split()
        ):
            return
        if value:
            self.found.append(value)
