"""Builds and runs Dockerfiles in memory, with the programs that generated projects and rewrites use.

It shares no code with slimify, so that both are not wrong in the same way.
"""

from tools.generator.simulation import (
    accounts,
    builtins,
    file_programs,
    go,
    make,
    node,
    other_programs,
    permissions,
    python,
    python_managers,
    system_packages,
    text_programs,
)

__all__ = [
    "accounts",
    "builtins",
    "file_programs",
    "go",
    "make",
    "node",
    "other_programs",
    "permissions",
    "python",
    "python_managers",
    "system_packages",
    "text_programs",
]
