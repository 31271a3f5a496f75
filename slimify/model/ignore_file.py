"""What goes with a new Dockerfile: its ignore file, and the static files that enter the image."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class IgnoreFile(Struct, frozen=True, kw_only=True):
    """`before` is None where it is new; `sent` are the bytes of the context that the builder gets, without
    it and with it."""

    path: str
    before: str | None
    after: str
    sent: tuple[int, int]


class Asset(Struct, frozen=True, kw_only=True):
    """A large static file of the context that enters the image, or a directory of such ("media/").

    `line` is that of the COPY, `evidence` what was found about who uses it. `action`: `ignore` where nothing
    names it, else what would take it out of the image; `excluded`: the proposed ignore file keeps it out.
    """

    path: str
    bytes: int
    line: int
    evidence: str
    action: Literal["ignore", "object storage", "volume"]
    excluded: bool = False
