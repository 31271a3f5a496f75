"""JavaScript that only tests and builds load, in any directory: mocks, fixtures, test runners, settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from slimify.facts.toolchains import is_development_file
from slimify.languages.node import LANGUAGE
from slimify.languages.node.vocabulary import RUN
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.context_files import ContextView

_WORD = regex(r"(?:^|[._-])(?:tests?|testing|specs?|mocks?|stubs?|fakes?|fixtures?)(?:[._-]|$)", re.I)
_SETTING = regex(r"(?:[.-]conf(?:ig)?(?:\.[\w-]+)*|file)\.[cm]?[jt]s$", re.I)
_ENDING = regex(r"\.[cm]?[jt]sx?$")


def without_test_support(view: ContextView, paths: Sequence[str], start: Sequence[Effect]) -> list[str]:
    """The sources without those that have a test-like name, or the settings of a tool that builds, and that
    nothing else names: no other source, no started program, and no script except those for tests."""
    aside = {p for p in paths if _words(p) or _is_setting(p)}
    if not aside:
        return [*paths]
    texts = [w.value or "" for e in start for w in e.command.words]
    texts += [p for e in start for p in (*e.reads, *e.tools, e.action)]
    texts += (view.context.text(p) or "" for p in paths if p not in aside)
    scripts = (*_scripts(view, start),)
    named = {p for p in aside if not _is_setting(p) and _named(p, scripts)}
    while named := named | {p for p in aside if _named(p, texts)}:
        texts = [view.context.text(p) or "" for p in named]
        aside -= named
        named = set()
    return [p for p in paths if p not in aside]


def _is_setting(path: str) -> bool:
    """Whether it has the settings of a tool that builds or tests."""
    return is_development_file(LANGUAGE, path) and _SETTING.search(path) is not None


def _scripts(view: ContextView, start: Sequence[Effect]) -> Iterator[str]:
    """The scripts of package.json without those for tests, if the image starts one."""
    from slimify.languages.node.manifests.package_json import node_project

    for directory in {e.cwd for e in start if e.cwd and e.action.startswith(RUN)}:
        place = view.context_path(directory)
        project = node_project(view.context, place) if place is not None else None
        for name, text in project.scripts.items() if project is not None else ():
            if not _WORD.search(name.replace(":", "-")):
                yield text


def _words(path: str) -> list[str]:
    return [part for part in path.split("/") if _WORD.search(part)]


def _named(path: str, texts: Iterable[str]) -> bool:
    names = {_ENDING.sub("", part) for part in (*_words(path), path.rpartition("/")[2])}
    words = "|".join(re.escape(name) for name in sorted(names))
    named = re.compile(rf"(?:[/\"'`\s]|^)(?:{words})(?![\w-])")
    return any(any(name in text for name in names) and named.search(text) for text in texts)
