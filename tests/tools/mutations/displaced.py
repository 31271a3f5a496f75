"""Small changes that mean something else: a slash, an option, what shares a RUN, the order of PATH."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise

from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile.instructions import copy_parts, from_parts

from .kinds import Change, kind
from .subject import Part, Stage, Subject, copy_line, flags_of, with_command

_SETTING = re.compile(r"(?:cd|export|source|umask|shopt|\.)\s|set\s.*pipefail|\w+=\S*$")
_OF_BASES = ("/usr/", "/var/", "/etc/", "/go/", "/home/", "/tmp/", "/root/", "/opt", "/srv")


@kind("slash-dropped", "a file gets the name of the directory that it belongs in")
def slash_dropped(s: Subject) -> Iterator[Change]:
    for copy, dest in _file_copies(s):
        if dest.endswith("/") and not _may_be_directory(s, copy):
            yield f"{copy.value} without /", s.replaced(copy, copy_line(copy, dest=dest.rstrip("/")))


@kind("slash-added", "a file is in a directory of its name")
def slash_added(s: Subject) -> Iterator[Change]:
    for copy, dest in _file_copies(s):
        if not dest.endswith(("/", ".")) and not _may_be_directory(s, copy):
            yield f"{copy.value}/", s.replaced(copy, copy_line(copy, dest=f"{dest}/"))


def _file_copies(s: Subject) -> Iterator[tuple[Instruction, str]]:
    """The COPYs that bring one file each, or files into a directory, and their destinations."""
    compiled = {
        posixpath.normpath(posixpath.join(s.directory(stage, run), found[1]))
        for stage in s.builders
        for run in s.runs(stage)
        if (found := re.search(r"go build\b.*?\s-o[ =]([\w./-]+)", run.value))
    }
    for copy in (x for stage in s.stages for x in stage if x.keyword == "COPY" and not x.heredocs):
        parts = copy_parts(copy)
        if parts.dest.strip("/") and (len(parts.sources) == 1 or parts.dest.endswith("/")):
            files = compiled if copy.flag("from") else {f"/{name}" for name in s.files}
            if all(posixpath.normpath(f"/{source.lstrip('/')}") in files for source in parts.sources):
                yield copy, parts.dest


def _may_be_directory(s: Subject, copy: Instruction) -> bool:
    """Whether the base image or a step before a COPY may have made a directory of its target."""
    path, before = s.target(copy).rstrip("/"), _before(s, copy)
    if path.endswith("/bin") or (f"{path}/".startswith(_OF_BASES) and path.count("/") < 3):
        return True
    places = [s.directory(s.stage_of(copy), copy)]
    places += [s.target(x).rstrip("/") for x in before if x.keyword in ("COPY", "ADD")]
    places += [p for x in s.from_context(before) for p in s.brings(x)]
    places += [s.expanded(x, x.value) for x in before if x.keyword == "WORKDIR"]
    made = any(f"{place}/".startswith(f"{path}/") for place in places)
    return made or any(posixpath.basename(path) in x.raw for x in before if x.keyword == "RUN")


def _before(s: Subject, x: Instruction) -> Stage:
    """What a stage and those that it builds on do before an instruction."""
    stage = s.stage_of(x)
    found, below = stage[1 : stage.index(x)], s.parent(stage)
    while below is not None:
        found, below = [*below[1:], *found], s.parent(below)
    return found


_IDLE = re.compile(
    r"--(?:production|prod|omit\S*|only\S*|yes|quiet|verbose|silent|force|upgrade|version|progress\S*|disable-pip-version-check|no-\S+)"
    r"|-[vqypfrSsLi]+"
)
# Commands without which nothing is missing, also without their options.
_SPARE = re.compile(r"(?:apt|apk|rm|mkdir|echo|set|test)\b|\S+ (?:prune|clean|cache)\b")


@kind("option-dropped", "a command lacks one of its options")
def option_dropped(s: Subject) -> Iterator[Change]:
    given = " ".join(s.original.text.replace("\\\n", " ").split())  # the user's own commands
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            own = " ".join(part.text.split()) in given and not run.heredocs
            spare = _SPARE.match(part.text) or _owns_new_directory(s, run, part)
            words = part.text.split(" ") if own and not spare else [""]
            for at, word in enumerate(words[1:], 1):
                if re.fullmatch(r"--?[A-Za-z][\w-]*(?:=[\w./-]+)?", word) and not _IDLE.fullmatch(word):
                    text = " ".join((*words[:at], *words[at + 1 :]))
                    yield f"{part.text[:50]} without {word}", with_command(s, run, number, text)


def _owns_new_directory(s: Subject, run: Instruction, part: Part) -> bool:
    """Whether chown names a directory that its own RUN makes, and that the context lacks: it is empty."""
    path = part.text.rpartition(" ")[2]
    name = posixpath.basename(path)
    made = any(p.text.startswith("mkdir ") and p.text.endswith((path, f" {name}")) for p in s.parts(run))
    known = any(f"/{name}/" in f"/{file}" for file in s.files)
    return part.text.startswith("chown ") and made and not known


@kind("run-split", "what a command leaves to those behind it ends with its RUN")
def run_split(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            texts = [p.text for p in s.parts(run)]
            if _SETTING.match(part.text) and not run.heredocs and any(map(_is_placed, texts[number + 1 :])):
                halves = (" && ".join(x) for x in (texts[: number + 1], texts[number + 1 :]))
                lines = "\n".join(f"RUN {flags_of(run)}{half}" for half in halves)
                yield f"{part.text[:40]} alone", s.replaced(run, lines)


def _is_placed(text: str) -> bool:
    """Whether what a command does depends on where it is executed."""
    own = r"rm|apt|apk|cd|echo|true|useradd|adduser|groupadd|addgroup|pip3? cache|npm (?:cache|prune)"
    return not re.match(rf"(?:{own})\b", text)


@kind("runs-merged", "a step is executed in the directory that the one before it went to")
def runs_merged(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for one, two in pairwise(stage):
            if {one.keyword, two.keyword} != {"RUN"} or one.heredocs or two.heredocs or two.flags:
                continue
            texts, more = ([p.text for p in s.parts(x)] for x in (one, two))
            moves = any(re.match(r"cd\s+[^-]", text) for text in texts)
            if moves and _is_placed(more[0]):
                line = f"RUN {flags_of(one)}{' && '.join((*texts, *more))}"
                yield f"&& {two.value[:40]}", s.edit({s.at(one): line, s.at(two): ""})


@kind("path-order", "another program of the same name comes first on PATH")
def path_order(s: Subject) -> Iterator[Change]:
    for x in (x for stage in s.stages for x in stage if x.keyword == "ENV"):
        found = re.search(r'PATH="?([^\s"]+):(\$\{?PATH\}?)"?', x.raw)
        if found:
            own, given = found.groups()
            yield f"{own} last", s.replaced(x, x.raw.replace(f"{own}:{given}", f"{given}:{own}"))


@kind("parent-replaced", "what the stage below did and set is missing")
def parent_replaced(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        parent = s.parent(stage)
        if parent is not None and any(x.keyword in ("RUN", "COPY", "ENV", "WORKDIR") for x in parent):
            old, new = (from_parts(x[0]).image for x in (stage, parent))
            yield f"FROM {new}", s.replaced(stage[0], stage[0].raw.replace(old, new, 1))


@kind("workdir-owner", "the account of the program does not own its working directory")
def workdir_owner(s: Subject) -> Iterator[Change]:
    users = [x for x in s.final if x.keyword == "USER"]
    for x in s.final[s.final.index(users[0]) :] if len(users) == 1 else ():
        path = (
            posixpath.join(s.directory(s.final, x), s.expanded(x, x.value)) if x.keyword == "WORKDIR" else ""
        )
        if path and not f"{path}/".startswith(_OF_BASES):
            yield f"WORKDIR {x.value} of root", s.moved(x, users[0])


@kind("version-dropped", "another version of a system package is installed")
def version_dropped(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            for word in part.text.split() if re.match(r"apt-get .*install|apk add", part.text) else ():
                name, found, version = word.strip("\"'").partition("=")
                if found and re.match(r"[\d~<>$]", version):
                    for new in (name, f"{name}=0"):
                        yield new, with_command(s, run, number, part.text.replace(word, new, 1))


@kind("copies-swapped", "of two copies that bring the same file, the other one comes last")
def copies_swapped(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        copies = s.from_context(stage)
        for one, other in ((x, y) for n, x in enumerate(copies) for y in copies[n + 1 :]):
            first, second = s.brings(one), s.brings(other)
            if any(first[path] != second[path] for path in first.keys() & second.keys()):
                yield f"{other.value} before {one.value}", s.swapped(one, other)


@kind("not-recursive", "a directory gets an owner or a mode, what is in it does not")
def not_recursive(s: Subject) -> Iterator[Change]:
    filled = re.compile(r"npm (?:ci|install)|pip3? install|tar |cp |go build|git clone|touch ")
    for run, number, part in s.commands(s.final):
        words = part.text.split()
        if words[:1] in (["chown"], ["chmod"]) and "-R" in words:
            path = posixpath.normpath(posixpath.join(s.directory(s.final, run), s.expanded(run, words[-1])))
            before = _before(s, run)
            brought = any(p.startswith(f"{path}/") for x in s.from_context(before) for p in s.brings(x))
            made = path.endswith("/node_modules") and any(filled.search(p.text) for p in s.parts(run))
            if (brought or made) and _runs_as_other(s):
                text = " ".join(w for w in words if w != "-R")
                yield text, with_command(s, run, number, text)


def _runs_as_other(s: Subject) -> bool:
    return any(x.keyword == "USER" and x.value not in ("root", "0") for x in s.final)
