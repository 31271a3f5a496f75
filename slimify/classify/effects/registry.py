"""Finds who knows a command: by name, by the script it is, by the tables."""

from __future__ import annotations

import re
from collections.abc import Callable

from slimify.classify.effects import (
    conda,
    fetch,
    files,
    find,
    go,
    gowrapper,
    make,
    nodelaunch,
    nodetools,
    npm,
    pnpm,
    poetry,
    python,
    pythondata,
    shells,
    system,
    unpack,
    uv,
    yarn,
)
from slimify.classify.effects.call import Call
from slimify.classify.effects.table import row_effects
from slimify.facts.commands import commands
from slimify.model import Effect

Handler = Callable[[Call], tuple[Effect, ...]]
HANDLERS: dict[str, Handler] = {
    **system.HANDLERS,
    **files.HANDLERS,
    **find.HANDLERS,
    **unpack.HANDLERS,
    **fetch.HANDLERS,
    **shells.HANDLERS,
    **python.HANDLERS,
    **pythondata.HANDLERS,
    **poetry.HANDLERS,
    **uv.HANDLERS,
    **conda.HANDLERS,
    **npm.HANDLERS,
    **yarn.HANDLERS,
    **pnpm.HANDLERS,
    **nodetools.HANDLERS,
    **nodelaunch.HANDLERS,
    **go.HANDLERS,
    **gowrapper.HANDLERS,
    **make.HANDLERS,
}
# Programs whose file name carries a version or a target: python3.11, pip3, gcc-12, x86_64-linux-gnu-gcc.
_VERSIONED = re.compile(
    r"(python|pip|pypy|easy_install|virtualenv|go|clang|clang\+\+|gcc|g\+\+|gfortran|llvm-config)-?[\d.]+\w*\Z"
)
_TARGETED = re.compile(r"[\w]+-(?:[\w]+-)*linux-(?:gnu|musl)\w*-(\S+)\Z")
_VERSION_ONLY = frozenset({"--version", "-version", "-V", "--help", "version"})


def plain_name(name: str) -> str:
    """The name of a program without version and target."""
    targeted = _TARGETED.match(name)
    name = targeted[1] if targeted else name
    versioned = _VERSIONED.match(name)
    return versioned[1] if versioned else name


def effects_of(call: Call) -> tuple[Effect, ...]:
    """What one command does; at least one effect."""
    if not call.path:
        return (call.unknown("which program is started"),)
    name = plain_name(call.name)
    if (
        len(call.args) == 1
        and call.args[0].value in _VERSION_ONLY
        and name not in ("which", "command", "npm", "cd")
    ):
        return (call.effect("check"),)
    handler = HANDLERS.get(name)
    if handler is not None and not (call.path.startswith(("./", "../")) and name not in ("manage.py",)):
        return handler(call)
    script = shells.program_file(call)
    if script is not None:
        return script
    if handler is not None:
        return handler(call)
    tables = commands()
    known = tables.known.get(name)
    if known is not None:
        return row_effects(call, known)
    kind = tables.node_tools.get(name)
    if kind is not None:
        return nodetools.node_tool(call, kind)
    if name.endswith((".sh", ".py")):
        return (call.unknown(f"the script {call.path} is not in the build context"),)
    return (call.unknown(f"what {call.name} does"),)
