"""`ADD https://…` of an archive that a later step unpacks and deletes: moved into that step, so that no
layer stores the archive."""

from __future__ import annotations

import posixpath
import shlex
from functools import partial

from slimify.analysis.program import Program, Step
from slimify.facts.carried import carried, installed
from slimify.facts.system import is_plain_root
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import RUNS_CODE
from slimify.model.regex import regex
from slimify.model.sizes import MB
from slimify.planning.in_place.edits import Edits, first_edits, step_line
from slimify.planning.in_place.runs import is_chained, run_body, run_of_commands, run_prefix
from slimify.semantics.paths import inside, overlap
from slimify.syntax.dockerfile.instructions import copy_parts

_DOWNLOAD_BYTES = 20 * MB  # assumed, the real size is unknown
_URL = regex(r"https?://[\w.:/@%+~,=&?-]+")


def archives(program: Program) -> Edits:
    """The first such ADD, with the RUN that it moves into; else advice on the remaining ones."""

    def told(step: Step, why: Reason) -> Decision:
        return Decision.of("SL356", "archive", line=step.line, why=why)

    added = (step for step in program.steps if step.keyword == "ADD")
    return first_edits(added, partial(_downloaded_in_run, program), told)


def _downloaded_in_run(program: Program, step: Step) -> Edits | Reason | None:
    """The edits, or why they are not possible; None if the file is used for anything but unpacking."""
    url, *others = copy_parts(step.instruction).sources
    if others or not url.startswith(("http://", "https://")):
        return None
    path = _destination(step)
    users = [s for s in program.steps if s.index > step.index and path and _touches_path(s, path)]
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
    if any(overlap(p, path) for p in program.runtime_needs.paths):
        return None
    tool = _download_tool(program, user)
    if not tool:
        return Reason.of("SL356", "no_download")
    checksum = step.instruction.flag("checksum")
    known = all(f.name == "checksum" for f in step.instruction.flags) and _URL.fullmatch(url)
    if not known or user.instruction.flags or not is_chained(user) or not is_plain_root(user.state.user):
        return Reason.of("SL356", "not_lengthened", step=step_line(user))
    commands = [_download_command(tool, url, path)]
    if checksum:
        kind, _, digest = checksum.partition(":")
        commands.append(f'echo "{digest}  {path}" | {kind}sum -c -')
    commands.append(run_body(user.instruction))
    if not deleted:
        commands.append(f"rm {shlex.quote(path)}")
    text = run_of_commands(run_prefix(user.instruction), commands, program.dockerfile.newline)
    decision = Decision.of("SL353", "download", line=step.line, url=url)
    return Edits(texts={step.index: "", user.index: text}, decisions=(decision,), saving=_DOWNLOAD_BYTES)


def _destination(step: Step) -> str | None:
    """The image path of the file."""
    parts = copy_parts(step.instruction)
    if "$" in parts.dest or "$" in parts.sources[0] or step.state.cwd is None:
        return None
    dest = posixpath.join(step.state.cwd, parts.dest)
    name = posixpath.basename(parts.sources[0].partition("?")[0].partition("#")[0])
    into = parts.dest.endswith("/") or parts.dest in (".", "..") or parts.dest in ("/tmp", "/opt", "/usr/src")
    return posixpath.normpath(posixpath.join(dest, name) if into else dest)


def _touches_path(step: Step, path: str) -> bool:
    if step.keyword != "RUN":
        return False
    if not step.atoms or any(e.kind in RUNS_CODE or e.writes_anywhere for e in step.effects):
        return True
    return any(
        inside(path, p.rstrip("*").rstrip("/") or "/")
        for e in step.effects
        for p in (*e.reads, *e.deletes, *(() if e.kind == "unpack" else e.writes))
    )


def _download_tool(program: Program, user: Step) -> str:
    """The download tool of the image at that step: what the file itself calls, else curl; "" for neither."""
    base = program.base
    before = (e for s, _, e in program.commands if s.index < user.index and e.kind == "packages")
    names = {p.name for e in before for p in e.packages}
    if base is not None:
        names |= set(installed(base)) | set(base.packages) | set(carried(base).commands)
        names |= {"wget"} if base.distro == "alpine" else set()
    called = {e.tool for e in program.effects}
    ours = ("wget", "curl") if "wget" in called and "curl" not in called else ("curl", "wget")
    return next((t for t in ours if t in names), "")


def _download_command(tool: str, url: str, path: str) -> str:
    return (
        f"curl -fsSL -o {path} {shlex.quote(url)}"
        if tool == "curl"
        else f"wget -qO {path} {shlex.quote(url)}"
    )
