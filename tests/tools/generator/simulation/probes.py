"""What a generated program needs at run time, and what it reports when it looks for it."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass, field
from typing import Protocol

from tools.generator.simulation.bases import LOADER_CACHE, LOCALES
from tools.generator.simulation.builder import Behaviour, BuildFailed, Image
from tools.generator.simulation.files import Missing
from tools.generator.simulation.node import find_package
from tools.generator.simulation.python import has_module, python_path
from tools.generator.simulation.shell import Leave, Shell

MISSING = "missing"


@dataclass(frozen=True)
class Probe:
    """`label` is the key of the report. `kind` is a function `_<kind>` of this module; `beside` means that a
    relative path begins at the program's own file."""

    label: str
    kind: str
    what: str
    beside: bool = False


@dataclass
class Program:
    """A program of the project by the text of its main source file. `imports` are files beside it."""

    name: str
    language: str
    probes: list[Probe] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    writes: dict[str, str] = field(default_factory=dict)  # a program of the build: what it writes
    reads: list[str] = field(default_factory=list)  # and what it needs for that
    needs: list[str] = field(default_factory=list)  # variables without which it fails
    modules: list[str] = field(default_factory=list)  # and modules

    def answer(self, shell: Shell, argv: list[str], head: dict[str, dict[str, str]]) -> dict[str, str] | None:
        """The report; None if it does not start."""
        path = argv[1] if self.language != "go" and len(argv) > 1 else shell.find(argv[0]) or argv[0]
        own = posixpath.dirname(path)
        for name in self.imports if self.language != "go" else ():
            if not shell.files.is_file(posixpath.join(own, name)):
                shell.say(f"{self.name}: cannot import {name}")
                return None
        if self.language == "node":
            search: list[str] = [own]
        else:
            search = python_path(shell, argv[0], path) if self.language == "python" else []
        shell.arguments = argv[1:] if self.language == "go" else argv[2:]
        report = {}
        for probe in self.probes:
            what = posixpath.join(own, probe.what) if probe.beside else probe.what
            if report.get(probe.label) != MISSING:  # a part may need several things
                report[probe.label] = _look(self, shell, probe, what, search, head)
        return report


def has_package(shell: Shell, language: str, name: str, argv: list[str]) -> bool:
    """Whether a program finds a module; `argv` begins with its interpreter and its file."""
    if language == "node":
        return find_package(shell, name, posixpath.dirname(argv[1]))
    return has_module(shell, name, python_path(shell, argv[0], argv[1])) is not None


def _look(
    program: Program,
    shell: Shell,
    probe: Probe,
    what: str,
    search: list[str],
    head: dict[str, dict[str, str]],
) -> str:
    if probe.kind == "module":
        if program.language == "node":
            return "yes" if find_package(shell, what, search[0]) else MISSING
        return "yes" if has_module(shell, what, search) else MISSING
    if probe.kind == "patched":
        place = f"{search[0]}/node_modules/{what}/index.js"
        return "yes" if shell.files.is_file(place) and "patched" in shell.files.text(place) else MISSING
    if probe.kind in ("embedded", "defined"):
        return head.get(probe.kind, {}).get(what, MISSING)
    try:
        return str(KINDS[probe.kind](shell, what))
    except Missing:
        return MISSING


def _read(shell: Shell, what: str) -> str:
    path = shell.path(what)
    node = shell.files.get(path)
    if node is None or node.kind != "file" or not shell.allowed(node, 4) or not shell.reachable(path):
        raise Missing(what)
    return node.data.decode("utf-8", "replace")


def _path(shell: Shell, what: str) -> str:
    if not shell.files.is_file(shell.path(what)):
        raise Missing(what)
    return "yes"


def _stat(shell: Shell, what: str) -> str:
    node = shell.files.get(shell.path(what))
    if node is None or not shell.reachable(shell.path(what)):
        raise Missing(what)
    return f"{node.mode:o} {node.uid} {node.gid}"


def _link(shell: Shell, what: str) -> str:
    node = shell.files.get(shell.path(what), follow=False)
    if node is None or node.kind != "link":
        raise Missing(what)
    return node.data.decode()


def _list(shell: Shell, what: str) -> str:
    if not shell.files.is_directory(shell.path(what)):
        raise Missing(what)
    return " ".join(shell.files.names(shell.path(what)))


def _program(shell: Shell, what: str) -> str:
    for name in what.split():
        if shell.find(name) is None:
            raise Missing(name)
    return "yes"


def _library(shell: Shell, what: str) -> str:
    cached = shell.files.text(LOADER_CACHE).split() if shell.files.is_file(LOADER_CACHE) else []
    for place in (
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib",
        *(["/usr/local/lib"] if what in cached or shell.files.is_file("/lib/musl") else []),
        *shell.env.get("LD_LIBRARY_PATH", "").split(":"),
    ):
        if place and shell.files.is_file(f"{place}/{what}"):
            return "yes"
    raise Missing(what)


def _env(shell: Shell, what: str) -> str:
    return shell.env.get(what, "")


def _user(shell: Shell, what: str) -> str:
    return f"{shell.uid} {shell.gid}"


def _exists(shell: Shell, what: str) -> str:
    if shell.files.get(shell.path(what)) is None:
        raise Missing(what)
    return "yes"


def _walk(shell: Shell, what: str) -> str:
    place = shell.path(what)
    if not shell.files.is_directory(place):
        raise Missing(what)
    start = shell.files.real(place)
    return " ".join(p[len(start) + 1 :] for p in shell.files.below(start) if shell.files.is_file(p))


def _home_file(shell: Shell, what: str) -> str:
    return _read(shell, f"{shell.env.get('HOME', '/')}/{what}")


def _first(shell: Shell, what: str) -> str:
    """The first of several files that is there."""
    return _read(shell, next((p for p in what.split() if shell.files.is_file(shell.path(p))), what))


def _argument(shell: Shell, what: str) -> str:
    return _read(shell, shell.arguments[0] if shell.arguments else what)


def _configured(shell: Shell, what: str) -> str:
    return _read(shell, json.loads(_read(shell, what))["name"])


def _program_configured(shell: Shell, what: str) -> str:
    return _program(shell, json.loads(_read(shell, what))["name"])


def _command(shell: Shell, what: str) -> str:
    """A command that has to succeed; `sh -c` where it is more than words."""
    words = what.split()
    plain = not re.search(r"[;&|<>$*'\"]", what)
    if shell.child(out=[]).start(words if plain else ["sh", "-c", what]):
        raise Missing(what)
    return "yes"


def _capability(shell: Shell, what: str) -> str:
    node = shell.files.get(shell.path(what))
    if node is None or not node.capabilities:
        raise Missing(what)
    return "yes"


def _cwd(shell: Shell, what: str) -> str:
    return shell.cwd


def _home(shell: Shell, what: str) -> str:
    return shell.env.get("HOME", "")


def _write(shell: Shell, what: str) -> str:
    node = shell.files.get(shell.path(what))
    if (
        node is None
        or node.kind != "directory"
        or not shell.allowed(node, 2)
        or not shell.reachable(shell.path(what) + "/x")
    ):
        raise Missing(what)
    return "yes"


def _versions(shell: Shell, what: str) -> str:
    """How many versions of a distribution of Python are described."""
    return str(len(shell.files.glob(f"/usr/local/lib/python3.11/site-packages/{what}-*.dist-info")))


def _locale(shell: Shell, what: str) -> str:
    if what not in (shell.files.text(LOCALES).split() if shell.files.is_file(LOCALES) else ()):
        raise Missing(what)
    return "yes"


def _url(shell: Shell, what: str) -> str:
    place = shell.env.get("SEED_URL", what).rpartition(":")[2]
    return _read(shell, place.removeprefix("///").removeprefix("//"))


def _certificates(shell: Shell, what: str) -> str:
    return _exists(shell, "/etc/ssl/certs/ca-certificates.crt")


def _zone(shell: Shell, what: str) -> str:
    for path in (f"/usr/share/zoneinfo/{what}", "/usr/local/go/lib/time/zoneinfo.zip"):
        if shell.files.is_file(path):
            return "yes"
    raise Missing(what)


def _variable_file(shell: Shell, what: str) -> str:
    """The file that a variable names, or a default: `NAME:default`."""
    name, _, default = what.partition(":")
    return _read(shell, shell.env.get(name) or default)


def _variable_program(shell: Shell, what: str) -> str:
    name, _, default = what.partition(":")
    return _program(shell, shell.env.get(name) or default)


KINDS = {
    "read": _read,
    "stat": _stat,
    "path": _path,
    "link": _link,
    "list": _list,
    "program": _program,
    "library": _library,
    "env": _env,
    "user": _user,
    "cwd": _cwd,
    "home": _home,
    "write": _write,
    "zone": _zone,
    "read-named": _variable_file,
    "program-named": _variable_program,
    "exists": _exists,
    "walk": _walk,
    "read-home": _home_file,
    "read-first": _first,
    "read-argument": _argument,
    "read-configured": _configured,
    "program-configured": _program_configured,
    "command": _command,
    "one-version": _versions,
    "certificates": _certificates,
    "patched": _path,  # answered above, by the package
    "constant": lambda _, what: what,
    "capability": _capability,
    "locale": _locale,
    "read-url": _url,
}


class Started(Protocol):
    """How a container is started; None stands for what the image says."""

    command: list[str] | None
    entrypoint: list[str] | None
    env: dict[str, str]
    workdir: str


def start(image: Image, behaviour: Behaviour, run: Started) -> tuple[int, list[str]]:
    """Starts a container: its status, and what it said went wrong."""
    try:
        container = Image(**{**image.__dict__, "files": image.files.copy()})
        container.env = {**image.env, **run.env}
        container.workdir = run.workdir or image.workdir
        shell = container.process(behaviour)
    except BuildFailed as error:
        return 125, [str(error)]
    first = image.entrypoint if run.entrypoint is None else run.entrypoint
    argv = [*first, *(image.command if run.command is None else run.command)]
    if not argv:
        return 125, ["no command"]
    try:
        return shell.start(argv), shell.errors
    except Leave as leaving:
        return leaving.status, shell.errors
