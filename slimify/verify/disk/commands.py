"""Checks that the commands of ENTRYPOINT, CMD, HEALTHCHECK, entry scripts and sources still exist."""

from __future__ import annotations

import re
from collections.abc import Iterable

from slimify.model.counts import counted
from slimify.verify.disk.evidence import Evidence, Side, missing_finding
from slimify.verify.disk.start_commands import (
    SHEBANG,
    commands_started,
    executed_files,
    start_command_lines,
    started_path,
)
from slimify.verify.model import Check, Finding, disk_check

COMMAND, SCRIPT = "SL520", "SL521"


def started_commands(evidence: Evidence) -> Check:
    """The commands that start and health check execute in the original exist in the rewritten image."""
    before, after = evidence.before, evidence.after
    findings: dict[str, Finding] = {}
    looked: list[str] = []
    for words in _kept_command_lines(evidence):
        for item in commands_started(before, words):
            real = started_path(before, item)
            if real is None:
                continue
            looked.append(item.name)
            if started_path(after, item) is None:
                text = f"{item.name} is started but is {_absence(after, item.name)}"
                command = "" if item.file else item.name
                findings[item.name] = missing_finding(evidence, COMMAND, text, real, command=command)
    for words in start_command_lines(after):
        # a start command that the rewrite changed must exist, too
        if words not in start_command_lines(before) and after.command(words[0]) is None:
            text = f"{words[0]} is started but is {_absence(after, words[0])}"
            findings[words[0]] = Finding(code=COMMAND, text=text, path=words[0])
    detail = f"found: {', '.join(dict.fromkeys(looked)) or 'none'}"
    return disk_check("commands", findings.values(), detail)


def _kept_command_lines(evidence: Evidence) -> Iterable[tuple[str, ...]]:
    """The command lines that both images have; the contract covers the others."""
    kept = start_command_lines(evidence.after)
    return (words for words in start_command_lines(evidence.before) if words in kept)


def _absence(side: Side, name: str) -> str:
    entry = side.entry(name) if name.startswith("/") else None
    if entry is not None and entry.kind == "file":
        return f"not executable (mode {entry.mode:04o})"
    return "missing"


def source_programs(evidence: Evidence) -> Check:
    """The programs that sources, scripts and configuration start exist in the rewritten image."""
    findings: dict[str, Finding] = {}
    count = 0
    for name, use in sorted(evidence.runtime_needs.commands.items()):
        # `started_commands` covers the commands of the Dockerfile itself
        real = evidence.before.command(name) if use.file != "Dockerfile" else None
        if real is None:
            continue
        count += 1
        if evidence.after.command(name) is None:
            text = f"{use.place} starts {name}, which is missing"
            findings[name] = missing_finding(evidence, COMMAND, text, real, command=name)
    return disk_check(
        "programs of the sources", findings.values(), f"{count} found" if count else "none named"
    )


def interpreters(evidence: Evidence) -> Check:
    """The interpreters of scripts that are started or in PATH still exist.

    Packages and applications contain scripts that nothing starts (tests, build helpers, deployment). If
    their interpreters are missing, the check is only a note.
    """
    after = evidence.after
    runtime_needs = set(_started_scripts(evidence))
    findings: dict[str, Finding] = {}
    idle: dict[str, str] = {}
    count = 0
    for path in sorted(runtime_needs | {entry.path for entry in after.added()}):
        head = after.image.heads.get(path)
        match = SHEBANG.match(head + b"\n") if head else None
        if match is None:
            continue
        count += path in runtime_needs
        for name in _named_interpreters(match):
            real = evidence.before.command(name)
            if after.command(name) is not None or real is None:
                continue
            if path in runtime_needs:
                text = f"the script {path} needs {name}, which is missing"
                findings.setdefault(name, missing_finding(evidence, SCRIPT, text, real, command=name))
            else:
                idle.setdefault(name, path)
    detail = f"found for {counted(count, 'script')}" if count else "no script is started"
    if idle:
        lost = ", ".join(f"{name} ({path})" for name, path in sorted(idle.items())[:3])
        detail += f"; scripts that nothing starts lack {lost}"
    return disk_check("interpreters", findings.values(), detail, note=bool(idle))


def _started_scripts(evidence: Evidence) -> Iterable[str]:
    """The scripts of the rewritten image that its configuration or sources start, or that are in PATH."""
    side = evidence.after
    yield from executed_files(side)
    for name in evidence.runtime_needs.commands:
        if real := side.command(name):
            yield real
    for place in side.path:
        real = side.files.place(place)
        for child in side.files.children(real) if real else ():
            entry = side.entry(f"{real}/{child}")
            own = side.files.layer(f"{real}/{child}")
            if entry is None or own is None or own < side.first_own_layer:
                continue
            if side.packages.owner_of(entry.path) is None:
                yield entry.path


def _named_interpreters(match: re.Match[bytes]) -> tuple[str, ...]:
    """The programs that a `#!` line names: the interpreter, and `env` if the line uses it."""
    program = match[1].decode("utf-8", "replace")
    if program.rpartition("/")[2] != "env":
        return (program,)
    words = [w for w in (match[2] or b"").decode("utf-8", "replace").split() if not w.startswith("-")]
    name = next((word for word in words if "=" not in word), "")
    return (program, name) if name else (program,)
