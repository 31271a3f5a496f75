"""The registry of mutations: a kind has a name, the harm it does, and a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .subject import Subject

Change = tuple[str, str]  # what was done, and the new text


@dataclass(frozen=True)
class Kind:
    name: str
    harm: str
    mutate: Callable[[Subject], Iterator[Change]]


KINDS: dict[str, Kind] = {}


def kind(name: str, harm: str) -> Callable[[Callable[[Subject], Iterator[Change]]], Kind]:
    """Registers a function that yields only texts that do that harm."""

    def register(mutate: Callable[[Subject], Iterator[Change]]) -> Kind:
        assert name not in KINDS
        KINDS[name] = Kind(name, harm, mutate)
        return KINDS[name]

    return register
