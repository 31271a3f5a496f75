"""The words of Node's tools in `Effect.action` and `Effect.manager` that code of this folder asks for."""

from __future__ import annotations

from enum import StrEnum


class NodeManager(StrEnum):
    """Package managers, as effects name them."""

    NPM = "npm"
    YARN = "yarn"
    PNPM = "pnpm"
    COREPACK = "corepack"


ENABLE = "enable"  # of corepack: makes shims
RUN = "run "  # the action of a script begins with it
