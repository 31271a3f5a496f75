"""The pieces of generated projects; importing this registers all of them."""

from tools.generator.elements import (
    accounts,
    bases,
    brought,
    builds,
    compiling,
    contents,
    copies,
    defaults,
    go_modules,
    node_packages,
    packages,
    python_packages,
    settings,
    starts,
    state,
    surroundings,
)

__all__ = [
    "accounts",
    "bases",
    "brought",
    "builds",
    "compiling",
    "contents",
    "copies",
    "defaults",
    "go_modules",
    "node_packages",
    "packages",
    "python_packages",
    "settings",
    "starts",
    "state",
    "surroundings",
]
