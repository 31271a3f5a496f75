"""The functions, modules and objects that Python sources start programs with, load libraries or open files.

Tables of facts/sources.toml, and what a dotted name in a source means by them.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from slimify.languages.python import LANGUAGE


def _words(*keys: str) -> frozenset[str]:
    return frozenset(LANGUAGE.words("sources.toml", *keys))


_FACTS = LANGUAGE.facts("sources.toml")
# Positions of the program among the arguments.
SHELL = dict.fromkeys(LANGUAGE.words("sources.toml", "programs", "shell"), 0)
LISTED = dict.fromkeys(LANGUAGE.words("sources.toml", "programs", "listed"), 0)
LOADED: Mapping[str, int] = _FACTS["programs"]["loads"]
NAMED = {
    **dict.fromkeys(LANGUAGE.words("sources.toml", "programs", "named"), 0),
    **dict.fromkeys(LANGUAGE.words("sources.toml", "programs", "second"), 1),
    **LOADED,
}
PROGRAM_STARTERS = _words("programs", "starters")
METHODS: Mapping[str, int] = _FACTS["programs"]["methods"]
LIBRARIES = _words("libraries", "functions")
LOADERS = _words("libraries", "loaders")
PATHS: Mapping[str, tuple[int, str]] = {
    name: (row["position"], row["keyword"])
    for row in _FACTS["paths"]["functions"]
    for name in row["names"].split()
}
PACKAGE_PATHS = _words("paths", "in_package")
PATH_METHODS = _words("paths", "methods")
PROGRAM_ATTRIBUTES = tuple(f"{name}." for name in LANGUAGE.words("sources.toml", "programs", "attributes"))
NO_PROGRAMS = _words("programs", "no_programs")
PROGRAM_ITEMS = _words("programs", "items")
RUNNING_MODULES = _words("programs", "runners", "modules")
RUNNERS = _words("programs", "runners", "methods")


def starts_at(name: str) -> int | None:
    """The position of the program among the arguments of a function that starts one; None for other
    functions."""
    for table in (SHELL, LISTED, NAMED):
        if name in table:
            return table[name]
    return METHODS.get(name.rpartition(".")[2])


def program_attribute(name: str) -> str:
    """The program that an attribute of a module such as sh is; "" if it is none."""
    module = next((m for m in PROGRAM_ATTRIBUTES if name.startswith(m)), None)
    attribute = name.removeprefix(module).partition(".")[0] if module else ""
    return attribute.replace("_", "-") if attribute not in NO_PROGRAMS else ""


def canonical_name(name: str) -> str:
    """`gevent.subprocess.run` as `subprocess.run`, `asyncio.subprocess.X` as `asyncio.X`."""
    if name.startswith("asyncio.subprocess."):
        return "asyncio." + name.removeprefix("asyncio.subprocess.")
    head, found, tail = name.rpartition("subprocess.")
    return f"subprocess.{tail}" if found and head.endswith(".") else name


def dotted_name(node: cst.CSTNode) -> str:
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    return ".".join([node.value, *reversed(parts)]) if isinstance(node, cst.Name) else ""


def last_name(node: cst.CSTNode) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


INTERESTING = frozenset(
    {name.rpartition(".")[2] for table in (SHELL, LISTED, NAMED) for name in table}
    | set(METHODS) | LIBRARIES | LOADERS | set(PATHS) | PATH_METHODS
    | {"import_module", "__import__", "find_spec", "Flask"}
)  # fmt: skip
