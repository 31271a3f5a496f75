"""Interpreters and installers of system packages that only a build step uses.

A Node that bundles the front end of a Python or Go application, a pip that fills site-packages: what
they leave is copied, they themselves are not needed where nothing at run time calls them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from slimify.analysis.program import RuntimeNeeds
from slimify.model.sources import Use
from slimify.semantics.effects.state import State
from slimify.semantics.walk import Visit

_NODE = frozenset({"nodejs", "npm", "yarn", "yarnpkg", "nodejs-npm", "nodejs-current", "node-gyp"})
NODE_COMMANDS = frozenset({"node", "nodejs", "npm", "npx", "yarn", "yarnpkg", "pnpm", "corepack", "bun"})
_PIP_COMMANDS = frozenset(
    {"pip", "pip2", "pip3", "virtualenv", "venv", "easy_install", "pipenv", "poetry", "uv"}
)
# What run time needs of an installer's dependencies: packages may count on setuptools, which it brings.
_PIP: Mapping[str, tuple[str, ...]] = {
    "python3-pip": ("ca-certificates", "python3", "python3-setuptools"),
    "python-pip": ("ca-certificates", "python", "python-setuptools"),
    "python3-venv": ("python3",),
    "python3-virtualenv": ("python3",),
    "py3-pip": ("ca-certificates", "python3", "py3-setuptools"),
    "py3-virtualenv": ("python3",),
}
_MENTIONS = re.compile(r"node_modules|\bnodejs\b|\bnpx?\b")


def build_only(
    name: str,
    visits: Sequence[Visit],
    runtime_needs: RuntimeNeeds,
    tools: Mapping[str, Use],
    language: str | None,
    late: Collection[str] = (),
) -> tuple[Use, tuple[str, ...]] | None:
    """The build step that a package serves, and what run time needs instead; None if it may be needed
    when the image runs, or isn't such a package."""
    if name in _NODE and language in ("python", "go"):
        user = _user(NODE_COMMANDS, tools)
        if (
            user is None
            or NODE_COMMANDS & {*runtime_needs.commands, *late}
            or runtime_needs.dynamic
            or not visits
            or mentions_node(visits[-1].state)
        ):
            return None
        return user, ()
    if name in _PIP and language == "python":
        user = _user(_PIP_COMMANDS, tools)
        started = {e.manager for e in runtime_needs.start} & {"pip", "pipenv", "poetry", "uv"}
        if (
            user is None
            or started
            or _PIP_COMMANDS & set(runtime_needs.commands)
            or _commands(visits, "unknown")
        ):
            return None
        return user, _PIP[name]
    return None


def _user(commands: Collection[str], tools: Mapping[str, Use]) -> Use | None:
    return next((tools[c] for c in sorted(commands) if c in tools), None)


def _commands(visits: Sequence[Visit], kind: str) -> bool:
    return any(e.kind == kind for v in visits for atom in v.effects for e in atom)


def mentions_node(end: State) -> bool:
    """Whether an environment variable or a source file that isn't JavaScript names Node's packages: what
    collects static files, or starts a minifier, may read node_modules."""
    if any(_MENTIONS.search(value or "") for name, value in end.env.items() if name != "PATH"):
        return True
    context = end.view.context
    for path in context.files:
        if not path.endswith(".py") or not end.view.image_paths(path):
            continue
        if "node_modules" in (context.text(path) or ""):
            return True
    return False
