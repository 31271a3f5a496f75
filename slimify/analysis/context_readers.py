"""The texts that may read files of the build context: instructions, scripts, sources and settings.

Other Dockerfiles of the context share its `.dockerignore`, so their reads count, unless the ignore file
belongs to one Dockerfile only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from slimify.model.globs import finding
from slimify.model.regex import regex
from slimify.syntax.dockerfile.parser import encode, parse

_DOCKERFILE = regex(r"(?!.*\.dockerignore$)(?:Dockerfile(?:[.-].*)?|.*\.Dockerfile|Containerfile)", re.DOTALL)
_URL = regex(r"(?:https?|ftp|git|ssh)://[^\s\"'`<>)]+")
_NO_MATCH = r"(?!)"
_INSTRUCTIONS_WITH_TEXT = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "ARG", "LABEL"})


class ContextReaders(Struct, frozen=True, dict=True):
    """What this Dockerfile copies from the context (`own`), what other Dockerfiles copy, with their text
    (`others`), and all texts that may name a file."""

    own: CopiedContext
    others: tuple[tuple[CopiedContext, str], ...]
    texts: tuple[str, ...]
    code: frozenset[int]  # indexes of the texts that are source code
    program: Program

    @cached_property
    def reads_history(self) -> bool:
        """Whether something reads, or may read, the history of the repository."""
        return _reads_history(self.program, self.texts)

    def mentions(self, name: str) -> bool:
        """Whether a text names a file or directory of this name (a shell pattern)."""
        pattern = re.compile(rf"(?<![\w-]){finding(name, '[^/]{0,255}?')}(?![\w-])")
        known = max(name.split("*"), key=len)
        return any(known in text and pattern.search(text) for text in self.texts)

    def quotes_name(self, name: str) -> bool:
        """Whether a text has the name as a string of its own, as code does that appends a suffix to it."""
        word = re.escape(name)
        settings = re.compile(rf"""(?:["'`/]|[:=][ \t]*){word}(?=["'`.\s]|$)""", re.MULTILINE)
        return self._any(name, re.compile(rf"""["'`/]{word}["'`.]"""), settings)

    def names_directory(self, directory: str) -> bool:
        """Whether a text names the directory without naming a file in it, so that any file there may be read
        or served."""
        word = rf"{re.escape(directory)}/?"
        settings = re.compile(rf"""(?:^|[\s"'`/=:,(\[]){word}(?=["'`*?${{%<)\]\s,;]|$)""", re.MULTILINE)
        return self._any(directory, re.compile(rf"""["'`/]{word}["'`*?${{%<)]"""), settings)

    def _any(self, name: str, code: re.Pattern[str], others: re.Pattern[str]) -> bool:
        texts = ((number, text) for number, text in enumerate(self._without_addresses) if name in text)
        return any((code if number in self.code else others).search(text) for number, text in texts)

    @cached_property
    def _without_addresses(self) -> tuple[str, ...]:
        return tuple(_URL.sub(" ", text) for text in self.texts)

    def named(self, name: str) -> bool:
        """Whether a Dockerfile of the context names it in a COPY, an ADD or a bind mount."""
        return any(t.names(name) for t in (self.own, *(t for t, _ in self.others)))

    def only_by_directory(self, path: str) -> bool:
        """Whether it enters this image only as part of a directory, and no Dockerfile names it."""
        return self.own.only_by_directory(path) and not self.named(path)

    def others_install(self, path: str, name: str) -> bool:
        """Whether every other Dockerfile that copies it reinstalls its content, for the language `name`."""
        own = language(name)
        installs = re.compile(
            own.facts("unread.toml").get("installs", _NO_MATCH) if own is not None else _NO_MATCH
        )
        return all(installs.search(text) for t, text in self.others if t.copies(path))


def context_readers(program: Program) -> ContextReaders | None:
    """The readers of the context. None if a COPY source is not known, another Dockerfile cannot be parsed, or
    there is too much text."""
    context = program.context
    own = copied_context(program.dockerfile, context, program.build_args)
    shared = context.ignore_file in (None, ".dockerignore")
    files = list(_other_dockerfiles(program)) if shared else []
    if own is None or None in files:
        return None
    others = []
    for file in files:
        assert file is not None
        takes = copied_context(file, context, {})
        if takes is None:
            return None
        others.append((takes, _instruction_text(file)))
    first = (_instruction_text(program.dockerfile), *(t for _, t in others))
    found = context.once(("texts", *first), lambda: _with_texts(context, first))
    return ContextReaders(own, tuple(others), *found, program) if found is not None else None


def _other_dockerfiles(program: Program) -> Iterator[Dockerfile | None]:
    """The other Dockerfiles of the context, ignored ones included; None for one that cannot be parsed."""
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
    return _DOCKERFILE.fullmatch(posixpath.basename(path)) is not None


def _instruction_text(file: Dockerfile) -> str:
    """The text of instructions that shells and programs may interpret, without COPY and ADD."""
    lines: list[str] = []
    for instruction in file.instructions:
        if instruction.keyword in _INSTRUCTIONS_WITH_TEXT:
            lines.append(instruction.value)
        lines += [heredoc.body for heredoc in instruction.heredocs]
    return "\n".join(lines)


def _with_texts(context: Context, first: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[int]] | None:
    """The texts to search, of which `first` are of Dockerfiles, and the indexes of those that are source
    code; None if they are too large."""
    found = context.once("texts", lambda: _texts(context))
    if found is None:
        return None
    texts, code, scripts = found
    more, _ = _called_scripts(context, first, scripts)
    return (*texts, *first, *more), code


def _texts(context: Context) -> tuple[tuple[str, ...], frozenset[int], list[str]] | None:
    """The texts of a context, the indexes of those that are source code, and the scripts that none of them
    names; None if they are too large."""
    facts = merged("unread.toml")["texts"]
    endings, names, scripts = (
        frozenset(facts["endings"]),
        frozenset(facts["names"]),
        frozenset(facts["scripts"]),
    )
    elsewhere = re.compile(facts["elsewhere"])
    texts, code, later, left = list[str](), set(), list[str](), facts["bytes"]
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
    called, others = _called_scripts(context, texts, later)
    return (*texts, *called), frozenset(code), others


def _called_scripts(
    context: Context, texts: Sequence[str], scripts: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The texts of the scripts and makefiles that one of the texts calls, transitively, and the paths of the
    others."""
    found, fresh, waiting = list[str](), texts, list(scripts)
    while fresh and waiting:
        names = _called_names({posixpath.basename(path) for path in waiting}, fresh)
        fresh = [context.text(path) or "" for path in waiting if posixpath.basename(path) in names]
        waiting = [path for path in waiting if posixpath.basename(path) not in names]
        found += fresh
    return found, waiting


_MAKE = regex(r"(?:^|[\s;&|(\"'`])make(?=[\s\"'`;&|)]|$)", re.MULTILINE)
_WORD = regex(r"[\w.-]+")


_FEW_NAMES = 50


def _called_names(names: Collection[str], texts: Sequence[str]) -> set[str]:
    """The names of scripts and makefiles that a text calls. Many names are looked for in the different words,
    a tenth of all texts."""
    words = texts
    if len(names) > _FEW_NAMES:
        words = ("\n".join({word for text in texts for word in _WORD.findall(text)}),)

    def is_called(name: str) -> bool:
        if name.lower() in ("makefile", "gnumakefile"):
            return any(_MAKE.search(text) for text in texts)
        return any(name in text for text in (words if _WORD.fullmatch(name) else texts))

    return {name for name in names if is_called(name)}


def _reads_history(program: Program, texts: Sequence[str]) -> bool:
    effects = program.effects
    if any(e.kind == "unknown" for e in effects) or any(s.role == "unknown" for s in program.steps):
        return True
    if {"git", "hg", "svn"} & set(program.runtime_needs.commands):
        return True
    own = language(program.language)
    reading = own.facts("unread.toml").get("history", {}).get("vendored") if own is not None else None
    if own is not None and reading:
        vendored = (p for p in program.context.files if "vendor/" in p and p.endswith(own.source_suffixes))
        if any(re.search(reading, program.context.text(p) or "") for p in vendored):
            return True
    return any(_is_found(row["pattern"], row["signs"].split(), texts) for row in history_readers())


def history_readers() -> Sequence[Mapping[str, str]]:
    """The patterns of texts that indicate a reader of the history, each with its signs."""
    readers: Sequence[Mapping[str, str]] = load("unread.toml")["history"]["readers"]
    return readers


def _is_found(pattern: str, signs: Sequence[str], texts: Iterable[str]) -> bool:
    search = re.compile(pattern, re.MULTILINE).search
    return any(search(text) for text in texts if any(sign in text for sign in signs))
