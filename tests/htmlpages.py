"""What holds for every HTML page: it is well formed, and needs and runs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import html5lib

from slimify.render import render_page as template

_VOID = {"meta", "link", "input", "br", "hr"}


class _Reader(HTMLParser):
    """Elements in balance, ids that are there once, references that lead somewhere, texts by element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: set[str] = set()
        self.texts: dict[str, list[str]] = {}
        self.attributes: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert len(values) == len(attrs), f"{tag}: an attribute twice"
        self.attributes.append((tag, values))
        self.ids += [value for name, value in attrs if name == "id" and value]
        for name in ("aria-labelledby", "aria-describedby", "for"):
            self.references.update((values.get(name) or "").split())
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


def read(text: str) -> _Reader:
    text.encode("utf-8")
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.references <= set(reader.ids)
    return reader


def check_alone(text: str, *places: str) -> None:
    """Whether a page loads and runs nothing but its own style and script, and links to `places` only."""
    html5lib.HTMLParser(strict=True).parse(text)
    addresses = set(re.findall(r"\w+://[^\s\"'`)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, not a place
    elements = read(text).attributes
    named = ("href", "src", "action", "data")
    assert {values[n] for _, values in elements for n in named if n in values} == {"data:,", *places}
    assert set(re.findall(r"url\([^)]*\)|@import", text)) <= {"url(#hatch)"}
    for word in ("fetch(", "XMLHttpRequest", "import(", "eval(", "innerHTML", "document.write"):
        assert word not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        bodies = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        assert len(bodies) == 1
        digest = base64.b64encode(hashlib.sha256(bodies[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy[1]
    attributes = {name for _, values in elements for name in values}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}


def colours(name: str, scheme: int) -> dict[str, str]:
    """The colours of a page, light (0) or dark (1)."""
    style = template("report/page.css") + template(f"report/{name}/page.css")
    pairs = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\);", style)
    return {name: values[scheme] for name, *values in pairs}


def _luminance(colour: str) -> float:
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
