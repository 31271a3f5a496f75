"""Packages that sources and settings name in strings: transports, drivers, template engines, presets.

A package that stands as a whole word in a string of the application, or in a file that it may read its
settings from, may be loaded by that name. Settings of a tool count if the tool runs, or a source names them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial

from slimify.analysis.program import Program
from slimify.analysis.sources import application_sources
from slimify.context.source_uses import MAX_FILE
from slimify.facts.toolchains import is_development_file
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.package_json import NodeProject
from slimify.languages.node.package_facts import (
    has_no_plugins,
    is_build_only,
    is_chosen_by,
    possible_programs,
    tool_of_plugin,
    words_for,
    written_by_compiler,
)
from slimify.languages.node.packages import package_at
from slimify.languages.node.sources.test_support import without_test_support
from slimify.model.decisions import Reason
from slimify.model.regex import regex
from slimify.semantics.context_files import ContextView

_SETTINGS = regex(r"(\.?)([a-z][\w-]*?)(?:file|rc|[.-]conf(?:ig)?)?(?:\.[\w.]+)?", re.IGNORECASE)
_IMPORTS = regex(
    r"(?:\bfrom|\bimport|\bmodule|(?:require(?:\.\w+)?|import|mock)\s*\(|\b(?:types|path)=)\s*\Z"
)


def mentions(text: str, *words: str) -> bool:
    """Whether a text has one of the words."""
    return any(re.search(rf"(?<![\w@.-]){re.escape(w)}(?![\w.-])", text) for w in words)


class Mentions:
    """What the application of some projects, and the tools that it runs, may load by a name in a string."""

    def __init__(self, program: Program, projects: Sequence[NodeProject], view: ContextView) -> None:
        self.program, self.context, self.view = program, program.context, view
        self.needs = program.runtime_needs
        self.listed = {n for own in projects for n in (*own.dependencies, *own.dev_dependencies)}

    def reasons(self, names: Sequence[str]) -> Iterator[Reason]:
        """Why packages have to stay, each with what names it."""
        if not names:
            return
        for name in names:
            tool = tool_of_plugin(name)
            if tool and self._is_live(tool):
                yield Reason.of("SL313", "loaded", loader=tool, package=name)
        loadable = [name for name in names if not any(map(is_build_only, possible_programs(name)))]
        words = {word: name for name in loadable for word in (name, *words_for(name))}
        for path, name in self._files(names, words):
            yield Reason.of("SL313", "names", path=path, package=name)
        given = (word.value or "" for effect in self.needs.start for word in effect.command.words)
        text = "\n".join((*given, *self.program.runtime.env.values()))
        for name in _in_settings(text, words):
            yield Reason.of("SL313", "names", path=self.program.name, package=name)

    def _files(self, names: Sequence[str], words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Files, each with a package that it names; `words` are those that may stand for one in a string."""
        spelled = {*words, *names}
        for path in self.context.files:
            in_image = bool(self.view.image_paths(path))
            if in_image:
                read = partial(self._text, path)
                yield from ((path, name) for name in names if written_by_compiler(name, path, read))
            if not self._is_read(path, in_image=in_image):
                continue
            text = self._text(path) if self._endings(path) else ""
            if len(text) > MAX_FILE:
                continue
            if any(word in text for word in spelled):  # most files have none, and finding that is fast
                yield from ((path, name) for name in self._named(path, text, names, words))
            yield from ((path, name) for name in names if is_chosen_by(name, path))

    def _named(self, path: str, text: str, names: Sequence[str], words: Mapping[str, str]) -> Iterable[str]:
        """The packages that a file names, as far as its text is read."""
        tool = self._tool(path)
        if tool and not self._runs(tool, path):
            return ()
        if tool and not has_no_plugins(tool):
            text = re.sub(r"\{[\w,]+\}", "", text)  # endings of files in patterns
            return (n for n in names if mentions(text, n))
        if tool:
            return _in_source(text, {n: n for n in names}, imports=True)
        if path in self._sources:
            return _in_source(text, words, imports=False)
        if path.endswith(LANGUAGE.source_suffixes):
            return _in_source(text, words, imports=True) if ".config." in path else ()
        return _in_settings(text, words)

    def _text(self, path: str) -> str:
        return self.context.text(path) or ""

    def _is_read(self, path: str, *, in_image: bool) -> bool:
        """Whether run time may read the file: it is in the image, or sets variables of containers."""
        if re.search(LANGUAGE.facts("toolchain.toml")["files"]["aside"], path):
            return False
        name = posixpath.basename(path)
        return in_image or name.startswith((".env", "compose.", "docker-compose"))

    def _endings(self, path: str) -> bool:
        name = posixpath.basename(path)
        endings = (*LANGUAGE.words("toolchain.toml", "files", "settings"), *LANGUAGE.source_suffixes)
        return name.endswith(endings) or name.startswith(".")

    @cached_property
    def _sources(self) -> frozenset[str]:
        found = application_sources(self.view, LANGUAGE.name)
        return frozenset(without_test_support(self.view, found, self.needs.start))

    def _tool(self, path: str) -> str:
        """The tool whose settings a file has (`.eslintrc`, `babel.config.js`, `knexfile.js`, `nodemon.json`),
        "" if it has those of no package."""
        development = is_development_file(LANGUAGE, path)
        if path in self._sources and not development:
            return ""
        match = _SETTINGS.fullmatch(posixpath.basename(path))
        if match is None or match[2] == "env":
            return ""
        others = dict(LANGUAGE.facts("toolchain.toml")["files"]["settings_of"])
        tool = others.get(match[2].lower(), match[2].lower())
        if tool in others.values():
            return str(tool)
        parts = [part for name in self.listed for part in name.removeprefix("@").split("/")]
        known = development or any(part == tool or part.startswith(f"{tool}-") for part in parts)
        known = known or (len(tool) > 3 and any(part.startswith(tool) for part in parts))
        return tool if known or match[1] or tool in self.needs.commands else ""

    def _runs(self, tool: str, path: str) -> bool:
        """Whether a tool runs, so that it reads its settings, or a source names their file."""
        stem, ending = posixpath.splitext(posixpath.basename(path))
        loaded = stem if ending in LANGUAGE.source_suffixes else f"{stem}{ending}"
        if self._is_live(tool):
            return True
        name = re.compile(rf"(?m)^(?!\s*(?://|\*)).*[/\"'`]{re.escape(loaded)}\b")  # not in a comment
        return any(name.search(text) for text in self._source_texts if loaded in text)

    @cached_property
    def _source_texts(self) -> tuple[str, ...]:
        own = (path for path in self._sources if not is_development_file(LANGUAGE, path))
        return tuple(self.context.text(path) or "" for path in own)

    def _is_live(self, tool: str) -> bool:
        """Whether run time starts or imports a program of this name."""
        if tool in dict(LANGUAGE.facts("toolchain.toml")["files"]["settings_of"]).values():
            return tool in self._live  # packages with its name in theirs don't read its settings
        word = re.compile(rf"(?<![a-z]){re.escape(tool)}(?![a-z])")
        return any(map(word.search, self._live))

    @cached_property
    def _live(self) -> frozenset[str]:
        sources = self.needs.sources.imports
        imported = (use.name for use in sources if not is_development_file(LANGUAGE, use.file))
        loaded = (package_at(path) for effect in self.needs.start for path in effect.reads)
        return frozenset((*self.needs.commands, *imported, *loaded))


def _in_source(text: str, words: Mapping[str, str], *, imports: bool) -> Iterator[str]:
    """The packages that stand in strings of a source, those of imports only on request: who only imports
    types needs no package."""
    pattern = "|".join(map(re.escape, words)) or "(?!)"
    for match in re.finditer(rf"[\"'`]({pattern})(?:/[^\"'`\s]*)?(?=[\"'`:])", text):
        if imports or not _IMPORTS.search(text[max(0, match.start() - 40) : match.start()]):
            yield words[match[1]]


def _in_settings(text: str, words: Mapping[str, str]) -> Iterator[str]:
    """The packages that stand in data as whole words."""
    pattern = "|".join(map(re.escape, words)) or "(?!)"
    for match in re.finditer(rf"(?m)(?:^|[\s\"'=,\[])({pattern})(?=[\"'/:,\]\s]|$)", text):
        yield words[match[1]]
