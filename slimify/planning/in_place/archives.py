"""`ADD https://…` of an archive that a later step unpacks and deletes: downloaded there, in one layer."""

from __future__ import annotations

import posixpath
import re
import shlex

from slimify.analysis.program import Program, Step
from slimify.facts.carried import carried, installed
from slimify.facts.system import is_plain_root
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import RUNS_CODE
from slimify.model.sizes import MB
from slimify.planning.in_place.edits import Edits, place
from slimify.planning.in_place.runs import body, chained, joined, lead
from slimify.semantics.paths import inside, touches
from slimify.syntax.dockerfile.instructions import copy_parts

_DOWNLOAD = 20 * MB  # of unknown size
_URL = re.compile(r"https?://[\w.:/@%+~,=&?-]+")


def archives(program: Program) -> Edits:
    """The first such ADD, with the RUN that it becomes part of; else advice on those that stay."""
    advice: list[Decision] = []
    for step in program.steps:
        if step.keyword != "ADD":
            continue
        parts = copy_parts(step.instruction)
        if len(parts.sources) != 1 or not parts.sources[0].startswith(("http://", "https://")):
            continue
        found = _downloaded(program, step)
        if isinstance(found, Edits):
            return found
        if found:
            advice.append(Decision.of("SL356", "archive", safety="advice", line=step.line, why=found))
    return Edits(decisions=tuple(advice))


def _downloaded(program: Program, step: Step) -> Edits | Reason | None:
    """The edits, or why they can't be made; None where the file is not one that only an unpacking reads."""
    parts = copy_parts(step.instruction)
    url, path = parts.sources[0], _place(step)
    users = [s for s in program.steps if s.index > step.index and path and _touches(s, path)]
    if (
        len(users) != 1
        or not path
        or not any(e.kind == "unpack" and path in e.reads for e in users[0].effects)
    ):
        return None
    user = users[0]
    deleted = any(inside(path, d.rstrip("*").rstrip("/")) for e in user.effects for d in e.deletes)
    if not deleted and not path.startswith(("/tmp/", "/var/tmp/")):
        return None
    if any(touches(p, path) for p in program.runtime_needs.paths):
        return None
    tool = _tool(program, user)
    if not tool:
        return Reason.of("SL356", "no_download")
    checksum = step.instruction.flag("checksum")
    known = all(f.name == "checksum" for f in step.instruction.flags) and _URL.fullmatch(url)
    if not known or user.instruction.flags or not chained(user) or not is_plain_root(user.state.user):
        return Reason.of("SL356", "not_lengthened", step=place(user))
    commands = [_fetch(tool, url, path)]
    if checksum:
        kind, _, digest = checksum.partition(":")
        commands.append(f'echo "{digest}  {path}" | {kind}sum -c -')
    commands.append(body(user.instruction))
    if not deleted:
        commands.append(f"rm {shlex.quote(path)}")
    text = joined(lead(user.instruction), commands, program.dockerfile.newline)
    told = Decision.of("SL353", "download", safety="safe", line=step.line, url=url)
    return Edits(texts={step.index: "", user.index: text}, decisions=(told,), saving=_DOWNLOAD)


def _place(step: Step) -> str | None:
    """Where the file comes to lie."""
    parts = copy_parts(step.instruction)
    if "$" in parts.dest or "$" in parts.sources[0] or step.state.cwd is None:
        return None
    dest = posixpath.join(step.state.cwd, parts.dest)
    name = posixpath.basename(parts.sources[0].partition("?")[0].partition("#")[0])
    into = parts.dest.endswith("/") or parts.dest in (".", "..") or parts.dest in ("/tmp", "/opt", "/usr/src")
    return posixpath.normpath(posixpath.join(dest, name) if into else dest)


def _touches(step: Step, path: str) -> bool:
    if step.keyword != "RUN":
        return False
    if not step.atoms or any(e.kind in RUNS_CODE or e.writes_anywhere for e in step.effects):
        return True
    return any(
        inside(path, p.rstrip("*").rstrip("/") or "/")
        for e in step.effects
        for p in (*e.reads, *e.deletes, *(() if e.kind == "unpack" else e.writes))
    )


def _tool(program: Program, user: Step) -> str:
    """What the image downloads with then: what the file calls elsewhere, else curl; "" for neither."""
    base = program.base
    names = {
        p.name
        for s in program.steps
        if s.index < user.index
        for e in s.effects
        if e.kind == "packages"
        for p in e.packages
    }
    if base is not None:
        names |= set(installed(base)) | set(base.packages) | set(carried(base).commands)
        names |= {"wget"} if base.distro == "alpine" else set()
    called = {e.tool for s in program.steps for e in s.effects}
    ours = ("wget", "curl") if "wget" in called and "curl" not in called else ("curl", "wget")
    return next((t for t in ours if t in names), "")


def _fetch(tool: str, url: str, path: str) -> str:
    return (
        f"curl -fsSL -o {path} {shlex.quote(url)}"
        if tool == "curl"
        else f"wget -qO {path} {shlex.quote(url)}"
    )
