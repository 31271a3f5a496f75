"""Who may read what of the build context: the texts that the build and the program follow.

All Dockerfiles of the context count, since they share its `.dockerignore`; only its own, where the
ignore file is that of one Dockerfile.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from slimify.analysis.copied_context import CopiedContext, copied_context
from slimify.analysis.program import Program
from slimify.context.ignored_files import ignored_files, unfiltered_text
from slimify.context.scan import Context
from slimify.facts import load, merged
from slimify.languages import language
from slimify.model.dockerfile import Dockerfile
from slimify.model.errors import SlimifyError
from slimify.syntax.dockerfile.parser import encode, parse

_DOCKERFILES = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", "Dockerfile-*")
_ADDRESS = re.compile(r"(?:https?|ftp|git|ssh)://[^\s\"'`<>)]+")
_NONE = r"(?!)"  # found nowhere
_READ = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "ARG", "LABEL"})


class ContextReaders(Struct, frozen=True, dict=True):
    """`own` is what this Dockerfile takes of the context, `others` what the others take, with their text."""

    own: CopiedContext
    others: tuple[tuple[CopiedContext, str], ...]
    texts: tuple[str, ...]
    code: frozenset[int]  # which of the texts are programs
    program: Program

    @cached_property
    def history(self) -> bool:
        """Whether something reads the repository's history, or may."""
        return _history(self.program, self.texts)

    def mentions(self, name: str) -> bool:
        """Whether a text names a file or directory of that name (a shell pattern)."""
        pattern = re.compile(rf"(?<![\w-]){re.escape(name).replace(re.escape('*'), '[^/]*')}(?![\w-])")
        return any(pattern.search(text) for text in self.texts)

    def quotes(self, name: str) -> bool:
        """Whether a text says the name by itself, as one does who puts an ending to it later."""
        word = re.escape(name)
        settings = re.compile(rf"""(?:["'`/]|[:=][ \t]*){word}(?=["'`.\s]|$)""", re.MULTILINE)
        return self._any(re.compile(rf"""["'`/]{word}["'`.]"""), settings)

    def opens(self, directory: str) -> bool:
        """Whether a text says the name of a directory and not what in it: what it reads there, or serves,
        is not known."""
        word = rf"{re.escape(directory)}/?"
        settings = re.compile(rf"""(?:^|[\s"'`/=:,(\[]){word}(?=["'`*?${{%<)\]\s,;]|$)""", re.MULTILINE)
        return self._any(re.compile(rf"""["'`/]{word}["'`*?${{%<)]"""), settings)

    def _any(self, code: re.Pattern[str], others: re.Pattern[str]) -> bool:
        texts = enumerate(self._without_addresses)
        return any((code if number in self.code else others).search(text) for number, text in texts)

    @cached_property
    def _without_addresses(self) -> tuple[str, ...]:
        return tuple(_ADDRESS.sub(" ", text) for text in self.texts)

    def named(self, name: str) -> bool:
        return any(t.names(name) for t in (self.own, *(t for t, _ in self.others)))

    def whole(self, path: str) -> bool:
        """Whether it comes into this image by a directory only, and no Dockerfile names it."""
        return self.own.whole(path) and not self.named(path)

    def others_install(self, path: str, name: str) -> bool:
        """Whether each other Dockerfile that takes it installs anew what is in it, in the language `name`."""
        own = language(name)
        installs = re.compile(own.facts("unread.toml").get("installs", _NONE) if own is not None else _NONE)
        return all(installs.search(text) for t, text in self.others if t.takes(path))


def context_readers(program: Program) -> ContextReaders | None:
    """None where a source of a COPY is not known, another Dockerfile can't be read, or there is too much."""
    context = program.context
    own = copied_context(program.dockerfile, context, program.build_args)
    shared = context.ignore_file in (None, ".dockerignore")
    files = list(_others(program)) if shared else []
    if own is None or None in files:
        return None
    others = []
    for file in files:
        assert file is not None
        takes = copied_context(file, context, {})
        if takes is None:
            return None
        others.append((takes, _instructions(file)))
    found = _texts(context, [_instructions(program.dockerfile), *(t for _, t in others)])
    return ContextReaders(own, tuple(others), *found, program) if found is not None else None


def _others(program: Program) -> Iterator[Dockerfile | None]:
    """The other Dockerfiles of the context, ignored ones too; None for one that can't be read."""
    context = program.context
    known = (p for p in (*context.files, *ignored_files(context)) if _is_dockerfile(p))
    for path in sorted(set(known)):
        text = unfiltered_text(context, path)
        if text == program.dockerfile.text:
            continue
        try:
            yield parse(encode(text or ""), path)
        except SlimifyError:
            yield None


def _is_dockerfile(path: str) -> bool:
    name = posixpath.basename(path)
    return not name.endswith(".dockerignore") and any(fnmatch.fnmatchcase(name, p) for p in _DOCKERFILES)


def _instructions(file: Dockerfile) -> str:
    """What its instructions say to shells and programs; not what they copy."""
    lines: list[str] = []
    for instruction in file.instructions:
        if instruction.keyword in _READ:
            lines.append(instruction.value)
        lines += [heredoc.body for heredoc in instruction.heredocs]
    return "\n".join(lines)


def _texts(context: Context, first: Sequence[str]) -> tuple[tuple[str, ...], frozenset[int]] | None:
    """The texts to look into, scripts that no other text names left out, and the numbers of those that are
    programs; None where it is too much."""
    facts = merged("unread.toml")["texts"]
    endings, names, scripts = (
        frozenset(facts["endings"]),
        frozenset(facts["names"]),
        frozenset(facts["scripts"]),
    )
    elsewhere = re.compile(facts["elsewhere"])
    texts, code, later, left = list(first), set(), [], facts["bytes"]
    for path, size in context.files.items():
        name = posixpath.basename(path)
        ending = posixpath.splitext(name)[1][1:]
        if elsewhere.search(path) or _is_dockerfile(path):
            continue
        if ending in scripts and name not in names:
            later.append(path)
        elif ending in endings or name in names:
            left -= size
            if left < 0:
                return None
            if ending in facts["code"]:
                code.add(len(texts))
            texts.append(context.text(path) or "")
    return tuple(_with_scripts(context, texts, later)), frozenset(code)


def _with_scripts(context: Context, texts: list[str], scripts: Sequence[str]) -> list[str]:
    """The texts, and the scripts and makefiles that one of them calls, and those that these call."""
    fresh, waiting = texts, list(scripts)
    while fresh and waiting:
        called = [p for p in waiting if _called(posixpath.basename(p), fresh)]
        waiting = [p for p in waiting if p not in set(called)]
        fresh = [context.text(p) or "" for p in called]
        texts = [*texts, *fresh]
    return texts


_MAKE = re.compile(r"(?:^|[\s;&|(\"'`])make(?=[\s\"'`;&|)]|$)", re.MULTILINE)


def _called(name: str, texts: Sequence[str]) -> bool:
    if name.lower() in ("makefile", "gnumakefile"):
        return any(_MAKE.search(text) for text in texts)
    return any(name in text for text in texts)


def _history(program: Program, texts: Sequence[str]) -> bool:
    effects = [e for s in program.steps for e in s.effects]
    if any(e.kind == "unknown" for e in effects) or any(s.role == "unknown" for s in program.steps):
        return True
    if {"git", "hg", "svn"} & set(program.runtime_needs.commands):
        return True
    own = language(program.language)
    reading = own.facts("unread.toml").get("history", {}).get("vendored") if own is not None else None
    if own is not None and reading:
        vendored = (p for p in program.context.files if "vendor/" in p and p.endswith(own.endings))
        if any(re.search(reading, program.context.text(p) or "") for p in vendored):
            return True
    patterns = load("unread.toml")["history"]["readers"]
    pattern = re.compile("|".join(f"(?:{p})" for p in patterns), re.MULTILINE)
    return any(pattern.search(text) for text in texts)
