"""The words of Go's tools in `Effect.action` and `Effect.manager` that code of this folder asks for."""

from __future__ import annotations

from enum import StrEnum

MANAGER = "go"
NEIGHBOR = "neighbor="  # in `Effect.settings`, before the directory of another local module


class GoAction(StrEnum):
    """Subcommands of go that leave files."""

    BUILD = "build"
    GET = "get"
    INSTALL = "install"
