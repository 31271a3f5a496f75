"""The paths that an answer leads to: the target of a redirect, and what a page loads from the same server.

A start page alone proves little if the rest of the site is missing: a login page behind a redirect, a style
sheet, a script bundle.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from html.parser import HTMLParser
from itertools import islice
from urllib.parse import urljoin, urlsplit

from slimify.verify.web import Answer

_MOST_TEXT = 1_000_000  # characters of a page that are read
LIMIT = 8  # paths requested for one page; if a directory is missing, its first files are, too
# What a browser fetches by itself. Anchors are not followed, since a request may have side effects.
_LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ORIGIN = "http://localhost"  # the `Host` of every request


def next_paths(path: str, answer: Answer) -> tuple[str, ...]:
    """The paths on the same server to request next, in page order, without duplicates."""
    if answer.status in _REDIRECTS:
        named: Iterator[str] = iter((answer.location,))
    elif answer.status == 200 and answer.kind == "text/html":
        named = _loaded_references(answer.body.decode("utf-8", "replace"))
    else:
        return ()
    local = (place for name in named if (place := _local_path(path, name)) and place != path)
    return tuple(islice(dict.fromkeys(local), LIMIT))


def _local_path(path: str, name: str) -> str:
    """The path of a reference, or "" if it points to another server."""
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
    with suppress(AssertionError):  # what Python's parser makes of some malformed pages
        reader.feed(text[:_MOST_TEXT])
    return iter(reader.found)


class _ReferenceReader(HTMLParser):
    """Collects the references that the elements of a page load."""

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
