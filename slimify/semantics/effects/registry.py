"""Finds who knows a command: by name, by the script it is, by the tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from msgspec.structs import replace

from slimify.facts.commands import commands
from slimify.facts.shells import is_posix_shell
from slimify.languages import languages
from slimify.model.effects import Effect
from slimify.semantics.effects import shells
from slimify.semantics.effects.call import Call
from slimify.semantics.effects.table import row_effects

Handler = Callable[[Call], tuple[Effect, ...]]
# The programs that each module beside this one knows. Kept as a list, so that a module is imported when one
# of its programs is met and not before: that is a fifth of what a start costs.
MODULES = {
    "semantics.effects.system": (
        "add-apt-repository addgroup adduser apk apt apt-add-repository apt-fast apt-get apt-key "
        "apt-mark aptitude clean-install delgroup deluser dnf dnf-config-manager dnf5 dpkg "
        "extrepo gpg gpg2 groupadd groupdel install_packages microdnf rpm subscription-manager "
        "tdnf useradd userdel xx-apk xx-apt xx-apt-get yum yum-config-manager zypper"
    ),
    "semantics.effects.files": (
        "autopep8 black chgrp chmod chown cp dd gofmt gofumpt goimports install isort ln mv patch "
        "perl rm rsync ruff sed yq"
    ),
    "semantics.effects.find": "find xargs",
    "semantics.effects.unpack": (
        "7z 7za bsdtar bunzip2 bzip2 gtar gunzip gzip pigz tar uncompress unlzma unxz unzip "
        "unzstd xz zip zstd"
    ),
    "semantics.effects.fetch": "curl git wget",
    "semantics.effects.shells": "eval java php ruby runuser sh su",
    "semantics.effects.make": "bmake cargo cmake gmake just make meson ninja ninja-build rustup samu task",
}


@cache
def _modules() -> Mapping[str, tuple[str, str]]:
    """The module that knows a program, and the language it belongs to ("": none), by the program's name:
    shared ones first."""
    known = {name: (f"slimify.{module}", "") for module, names in MODULES.items() for name in names.split()}
    for language in languages():
        for module, names in language.commands.items():
            for name in names.split():
                known.setdefault(name, (f"{language.package}.{module}", language.name))
    return known


def handler_of(name: str) -> Handler | None:
    """What interprets a call of this program, if a module does."""
    name = "sh" if is_posix_shell(name) else name
    module, _ = _modules().get(name, ("", ""))
    if not module:
        return None
    handlers: dict[str, Handler] = import_module(module).HANDLERS
    return handlers[name]


# Programs whose file name carries a version or a target: python3.11, pip3, gcc-12, x86_64-linux-gnu-gcc.
_VERSIONED = re.compile(
    r"(python|pip|pypy|easy_install|virtualenv|go|clang|clang\+\+|gcc|g\+\+|gfortran|llvm-config)-?\d[\d.]*\w*\Z"
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
    ecosystem = _modules().get(name, ("", ""))[1]
    if call.ecosystem != ecosystem:
        call = replace(call, ecosystem=ecosystem)
    if (
        len(call.args) == 1
        and call.args[0].value in _VERSION_ONLY
        and name not in ("which", "command", "npm", "cd")
    ):
        return (call.effect("check"),)
    handler = handler_of(name)
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
        from slimify.languages.node.commands.tools import node_tool

        return node_tool(replace(call, ecosystem="node"), kind)
    if name.endswith((".sh", ".py")):
        return (call.unknown(f"the script {call.path} is not in the build context"),)
    return (call.unknown(f"what {call.name} does"),)
