"""What accompanies a new Dockerfile: its ignore file, and the static files that enter the image."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from slimify.model.decisions import Reason


class IgnoreFile(Struct, frozen=True, kw_only=True):
    """A proposed ignore file. `before` is None if the project has none. `sent` is the size of the transferred
    build context in bytes, without and with the proposal."""

    path: str
    before: str | None
    after: str
    sent: tuple[int, int]


class Asset(Struct, frozen=True, kw_only=True):
    """A large static file of the context that enters the image, or a directory of such files ("media/").

    `line` is the line of the COPY. `evidence` states who was found to use the file. `action` is `ignore` if
    nothing names it, else how it could be taken out of the image. `excluded`: the proposed ignore file
    excludes it.
    """

    path: str
    bytes: int
    line: int
    evidence: Reason
    action: Literal["ignore", "object storage", "volume"]
    excluded: bool = False
