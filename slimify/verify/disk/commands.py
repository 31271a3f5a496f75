"""What ENTRYPOINT, CMD, HEALTHCHECK, entry scripts and sources execute is there in both images."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from slimify.syntax import shell
from slimify.verify.disk.evidence import Evidence, Side, finding
from slimify.verify.model import Check, Finding

COMMAND, SCRIPT = "SL520", "SL521"

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_SHEBANG = re.compile(rb"#!\s*(\S+)(?:[ \t]+(.*?))?\s*[\n\r]")
# Programs whose arguments are a command line again.
_WRAPPERS = frozenset(
    "tini dumb-init gosu su-exec env nice nohup setpriv exec time chronic stdbuf s6-setuidgid".split()
)
_BUILTINS = frozenset(
    """. : [ alias bg bind break builtin caller case cd command continue declare dirs disown echo enable eval
    exec exit export false fc fg getopts hash help history if jobs kill let local logout mapfile popd printf
    pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset
    ulimit umask unalias unset until wait while""".split()
)


def roots(side: Side) -> tuple[tuple[str, ...], ...]:
    """The command lines that an image's configuration starts: ENTRYPOINT with CMD, and HEALTHCHECK."""
    config: Any = side.image.config
    start = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    lines = [tuple(map(str, start))] if start else []
    test = tuple((config.get("Healthcheck") or {}).get("Test") or ())
    if test[:1] == ("CMD",):
        lines.append(test[1:])
    elif test[:1] == ("CMD-SHELL",):
        lines.append(("/bin/sh", "-c", *test[1:]))
    return tuple(lines)


def names(side: Side, words: tuple[str, ...]) -> Iterator[str]:
    """The command words of a command line: itself, what a wrapper or `sh -c` starts, what the scripts
    that are executed call."""
    seen: set[str] = set()
    queue = [words]
    while queue:
        words = queue.pop(0)
        if not words or words[0] in seen:
            continue
        name = words[0]
        seen.add(name)
        yield name
        base = posixpath.basename(name)
        if base in _SHELLS:
            for position, word in enumerate(words[1:], 1):
                if re.fullmatch(r"-[a-z]*c", word):
                    queue += _called(" ".join(words[position + 1 : position + 2]))
                    break
                if not word.startswith("-"):
                    queue.append((word,))
                    break
        elif base in _WRAPPERS:
            queue += [words[i:] for i, word in enumerate(words) if i and not word.startswith("-")][:2]
        real = side.command(name)
        text = side.image.contents.get(real or "")
        if text is not None and (match := _SHEBANG.match(text)) and b"sh" in match[1] + (match[2] or b""):
            queue += _called(text.decode("utf-8", "replace"))
            # `exec "$@"` executes what stands behind the entry script
            queue.append(tuple(words[1:]))


def _called(text: str) -> list[tuple[str, ...]]:
    """The command lines of shell text whose words are constant; builtins left out."""
    script = shell.read(text)
    own = {c.words[0].value for c in script.commands if "function" in c.context and c.words}
    lines = []
    for command in script.commands:
        words = [word.value for word in command.words]
        while words and words[0] in ("exec", "command", "time", "!"):
            words.pop(0)
        if words and words[0] and words[0] not in _BUILTINS | own:
            lines.append(tuple(word for word in words if word is not None))
    return lines


def executed(side: Side) -> tuple[str, ...]:
    """The files that the image's configuration executes, by their real paths."""
    found = (side.command(name) for words in roots(side) for name in names(side, words))
    return tuple(dict.fromkeys(path for path in found if path is not None))


def check(evidence: Evidence) -> Check:
    """Every command that the original's start and health check find is found in the rewritten image."""
    findings: dict[str, Finding] = {}
    looked: list[str] = []
    for words in roots(evidence.before):
        for name in names(evidence.before, words):
            real = evidence.before.command(name)
            if real is None:
                continue
            looked.append(name)
            if evidence.after.command(name) is None:
                text = f"{name} is started and is {_state(evidence.after, name)}"
                findings[name] = finding(evidence, COMMAND, text, real, command=name)
    detail = f"{', '.join(dict.fromkeys(looked)) or 'nothing'}: found" if not findings else ""
    return _check("commands", detail, findings.values())


def _state(side: Side, name: str) -> str:
    entry = side.entry(name) if name.startswith("/") else None
    if entry is not None and entry.kind == "file":
        return f"not executable (mode {entry.mode:04o})"
    return "not there"


def sources(evidence: Evidence) -> Check:
    """The programs that sources, scripts and configuration start are found in the rewritten image."""
    findings: dict[str, Finding] = {}
    count = 0
    for name, use in sorted((evidence.live.commands if evidence.live else {}).items()):
        real = evidence.before.command(name)
        if real is None:
            continue
        count += 1
        if evidence.after.command(name) is None:
            where = f"{use.file}:{use.line}" if use.line else use.file
            text = f"{where} starts {name}, which is not there"
            findings[name] = finding(evidence, COMMAND, text, real, command=name)
    return _check("programs of the sources", f"{count} found" if count else "none named", findings.values())


def interpreters(evidence: Evidence) -> Check:
    """The interpreter of every executable script exists, where it existed before."""
    findings: dict[str, Finding] = {}
    live = {*executed(evidence.after), *(entry.path for entry in evidence.after.added())}
    count = 0
    for path in sorted(live):
        head = evidence.after.image.heads.get(path)
        match = _SHEBANG.match(head + b"\n") if head else None
        if match is None:
            continue
        name = _interpreter(match)
        count += 1
        if name and evidence.after.command(name) is None and (real := evidence.before.command(name)):
            text = f"the script {path} wants {name}, which is not there"
            findings.setdefault(name, finding(evidence, SCRIPT, text, real, command=name))
    return _check(
        "interpreters", f"{count} scripts have theirs" if count else "no scripts", findings.values()
    )


def _interpreter(match: re.Match[bytes]) -> str:
    """The interpreter that a `#!` line names, through env."""
    program = match[1].decode("utf-8", "replace")
    if posixpath.basename(program) != "env":
        return program
    words = [w for w in (match[2] or b"").decode("utf-8", "replace").split() if not w.startswith("-")]
    return next((word for word in words if "=" not in word), "")


def _check(name: str, detail: str, findings: Iterable[Finding]) -> Check:
    found = tuple(findings)
    return Check(
        name=name,
        layer="disk",
        ok=not found,
        detail="; ".join(item.text for item in found) or detail,
        findings=found,
    )
