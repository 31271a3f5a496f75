"""The ignore file that goes with a new Dockerfile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreFile:
    """`before` is None where it is new; `sent` are the bytes of the context that the builder gets, without
    it and with it."""

    path: str
    before: str | None
    after: str
    sent: tuple[int, int]
