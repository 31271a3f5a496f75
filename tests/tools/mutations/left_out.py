"""Steps that the builder lacks although the final stage executes them, too."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from slimify.facts.packages import programs_in
from slimify.model.dockerfile import Instruction

from .kinds import Change, kind
from .packages import package_words
from .subject import Part, Stage, Subject

_READ_UNNAMED = (  # commands, and the files of their directory that they read
    (re.compile(r"(?:npm|pnpm|yarn|bun)\s+(?:ci|install)\b(?!.*\s-g\b)"), ("package.json",)),
    (re.compile(r"go\s+(?:build|mod\s+download)\b"), ("go.mod",)),
    (re.compile(r"poetry\s+install|uv\s+sync"), ("pyproject.toml",)),
    (re.compile(r"(?:python3? -m )?pytest\b"), ("test_", "_test")),
)
_TESTS = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")


@kind("builder-step-left-out", "a step of both stages is missing in the builder, where later steps need it")
def builder_step_left_out(s: Subject) -> Iterator[Change]:
    final = {" ".join(x.value.split()) for x in s.final}
    for stage in s.builders:
        for x in stage[1:]:
            if x.keyword not in ("RUN", "COPY") or x.exec_form is not None or x.heredocs:
                continue
            if not any(text.startswith(" ".join(x.value.split())) for text in final):
                continue
            if _serves_later(s, stage, x):
                yield f"without {x.value[:60]}", s.without(x)


def _serves_later(s: Subject, stage: Stage, x: Instruction) -> bool:
    later = stage[stage.index(x) + 1 :]
    commands = [(y, part) for y in later if y.keyword == "RUN" for part in s.parts(y)]
    if x.keyword == "COPY":
        brings = {p for p in s.brings(x) if not x.flag("from") and not s.brought_otherwise(x, p)}
        return any(_reads(s, stage, y, part, brings) for y, part in commands)
    return any(
        _needs_packages(s, stage, words, part)
        for own in s.parts(x)
        for words in [package_words(own)]
        for _, part in commands
    ) or any(_makes_account(s, own, later) or _makes_directory(s, stage, own, commands) for own in s.parts(x))


def _reads(s: Subject, stage: Stage, run: Instruction, part: Part, brings: set[str]) -> bool:
    """Whether a command names one of the files, or is known to read it unnamed."""
    cwd = s.directory(stage, run)
    words = {posixpath.normpath(posixpath.join(cwd, s.expanded(run, w))) for w in part.text.split()[1:]}
    if part.text.split()[:1] not in (["echo"], ["rm"], ["mkdir"], ["touch"]) and words & brings:
        return True
    for command, names in _READ_UNNAMED:
        if command.match(part.text):
            here = (p for p in brings if p.startswith(cwd.rstrip("/") + "/"))
            return any(
                _TESTS.search(p)
                if "test_" in names
                else posixpath.dirname(p) == cwd and posixpath.basename(p) in names
                for p in here
            )
    return False


def _needs_packages(s: Subject, stage: Stage, packages: list[str], part: Part) -> bool:
    """Whether a command starts a program of the packages, or works on settings that one brings."""
    base = s.base(stage)
    have = s.packages_of(stage)
    missing = [p for p in packages if p not in have and not (base is not None and p in base.commands)]
    started = posixpath.basename((part.text.split() or [""])[0])
    programs = {program for p in missing for program in programs_in(p, base)}
    if base is not None:
        programs -= {*base.commands}
    settings = any(re.search(rf"^(?:rm|mv|cp|sed)\b.* /etc/{re.escape(p)}/", part.text) for p in missing)
    return started in programs or settings


def _makes_account(s: Subject, part: Part, later: list[Instruction]) -> bool:
    """Whether later instructions name the account that a command makes, also by a variable."""
    words = part.text.split()
    if words[:1] not in (["useradd"], ["adduser"]):
        return False
    name = re.escape(words[-1])
    used = (s.expanded(x, x.value) if x.keyword == "USER" else "" for x in later)
    owned = (s.expanded(x, x.flag("chown") or "") for x in later if x.keyword == "COPY")
    runs = (s.expanded(x, x.value) for x in later if x.keyword == "RUN")
    named = any(re.fullmatch(rf"{name}(?::.*)?", text) for text in (*used, *owned))
    return named or any(re.search(rf"\bchown\b(?:\s+-\S+)*\s+{name}\b", text) for text in runs)


def _makes_directory(s: Subject, stage: Stage, part: Part, commands: list[tuple[Instruction, Part]]) -> bool:
    """Whether a later command goes to, or writes into, the directory that `mkdir` makes."""
    words = [w for w in part.text.split()[1:] if w.startswith("/")]
    if part.text.split()[:1] != ["mkdir"]:
        return False
    made = {s.directory(stage, x) for x in stage if x.keyword in ("RUN", "COPY", "WORKDIR")}
    made |= {s.target(x).rstrip("/") for x in stage if x.keyword == "COPY"}
    wanted = [w for w in words if not any(m == w or m.startswith(w + "/") for m in made)]
    return any(
        re.match(rf"cd {re.escape(w)}(?:/|$)", other.text)
        or re.search(rf">\s*{re.escape(w)}/[^/]+$", other.text)
        for w in wanted
        for _, other in commands
    )
