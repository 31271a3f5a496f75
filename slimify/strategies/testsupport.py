"""Node: sources that only tests load, wherever they lie: stand-ins, fixtures, programs that run the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable

from slimify.classify.program import Program

_WORD = re.compile(r"(?:^|[._-])(?:tests?|testing|specs?|mocks?|stubs?|fakes?|fixtures?)(?:[._-]|$)", re.I)
_SOURCES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
_MOST_FILES = 2_000


def only_tests_load(program: Program, path: str, started: Iterable[str]) -> bool:
    """Whether a source is called like something for tests, and nothing else names it: no other source, none
    of the command lines `started`. False where there are too many sources to look at."""
    words = [part for part in path.split("/") if _WORD.search(part)]
    if not words:
        return False
    names = {_stem(word) for word in words} | {_stem(path.rpartition("/")[2])}
    named = re.compile(rf"(?:[/\"'`\s]|^)(?:{'|'.join(re.escape(n) for n in sorted(names))})(?![\w-])")
    others = _others(program)
    texts = (program.context.text(f) or "" for f in others or ())
    return others is not None and not any(named.search(text) for text in (*started, *texts))


def _stem(name: str) -> str:
    return next((name.removesuffix(end) for end in _SOURCES if name.endswith(end)), name)


def _others(program: Program) -> tuple[str, ...] | None:
    """The sources in the image that are not called like something for tests; None for too many."""
    view = program.end.view
    files = [f for f in program.context.files if f.endswith(_SOURCES) and "node_modules/" not in f]
    files = [f for f in files if view.image_paths(f) and not any(_WORD.search(p) for p in f.split("/"))]
    return tuple(files) if len(files) <= _MOST_FILES else None
