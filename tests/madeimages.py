"""Images for the search for waste, made by hand as a reader would make them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec import Struct, field

from slimify.analyze.analyze_image import needs_content
from slimify.image.model import Elf, Entry, Image, Layer, Step

MB = 1_000_000


class Content(Struct, frozen=True):
    """A file: text or a number of bytes, which are equal for equal names."""

    text: str = ""
    size: int = 0
    same_as: str = ""
    elf: Elf | None = None
    uid: int = 0
    link: str = ""


class Made(Struct, frozen=True):
    created_by: str
    files: Mapping[str, Content | int | str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()


def image(*steps: Made, **config: object) -> Image:
    """The image that a reader would make of these steps, with the contents that KEEP asks for."""
    layers: list[Layer] = []
    contents: dict[str, tuple[int, bytes]] = {}
    hidden: dict[tuple[str, int], bytes] = {}
    elves: dict[str, Elf] = {}
    for index, step in enumerate(steps):
        entries = []
        for path, value in step.files.items():
            content = (
                Content(size=value)
                if isinstance(value, int)
                else Content(text=value)
                if isinstance(value, str)
                else value
            )
            if content.link:
                entries.append(Entry.at(path, kind="symlink", target=content.link))
                continue
            size = content.size or len(content.text)
            digest = hashlib.sha256((content.text or content.same_as or path).encode()).hexdigest()
            entries.append(Entry.at(path, kind="file", size=size, digest=digest, uid=content.uid))
            if needs_content(path):
                if path in contents:
                    hidden[path, contents[path][0]] = contents[path][1]
                contents[path] = index, content.text.encode()
            if content.elf:
                elves[path] = content.elf
        for path in step.gone:
            if path in contents:
                where, text = contents.pop(path)
                hidden[path, where] = text
        layers.append(
            Layer(
                digest="",
                created_by=step.created_by,
                size=sum(e.size for e in entries),
                entries=tuple(entries),
                whiteouts=step.gone,
            )
        )
    return Image(
        config={"Cmd": ["/app/server"], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]} | config,
        layers=tuple(layers),
        history=tuple(Step(created_by=s.created_by, layer=i) for i, s in enumerate(steps)),
        contents={path: text for path, (_, text) in contents.items()},
        hidden=hidden,
        elves=elves,
    )
