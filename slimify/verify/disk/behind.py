"""What of the application's directories stayed behind: no difference by itself, but worth a look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from slimify.image.model import Entry
from slimify.verify.disk.evidence import Evidence
from slimify.verify.model import Check

_SHOWN = 3
# Known to be of no use at run time, wherever it lies.
_WASTE = re.compile(
    r"/(node_modules|bower_components|__pycache__|\.git|\.hg|\.svn|\.github|\.gitlab|\.circleci|\.idea|\.vscode"
    r"|\.cache|\.npm|\.yarn|\.pnpm-store|\.gradle|\.mypy_cache|\.pytest_cache|\.ruff_cache|\.tox|\.nyc_output"
    r"|[^/]+\.egg-info)(/|$)"
    r"|/(\.gitignore|\.gitattributes|\.dockerignore|Dockerfile[^/]*|[^/]*\.Dockerfile|\.DS_Store|\.npmrc"
    r"|npm-debug\.log|yarn-error\.log)$|\.(pyc|pyo|o|a|tsbuildinfo|map)$"
)
# Compiled or installed from, and so no longer needed.
_SOURCES = {
    "go": re.compile(
        r"\.(go|c|h|s|proto)$|/(go\.(mod|sum|work|work\.sum)|Makefile|Gopkg\.(toml|lock))$|/vendor/"
    ),
    "node": re.compile(
        r"\.(ts|tsx|mts|cts|jsx|vue|svelte|scss|sass|less)$|/(package-lock|tsconfig[^/]*)\.json$|/yarn\.lock$"
    ),
    "python": re.compile(
        r"/(requirements[^/]*\.txt|Pipfile(\.lock)?|poetry\.lock|uv\.lock|setup\.(py|cfg))$|\.(c|h|pyx)$"
    ),
}


def waste(path: str) -> bool:
    """Whether a file is certainly of no use at run time: caches, version control, installed packages."""
    return _WASTE.search(path) is not None


def check(evidence: Evidence, application: Iterable[str], language: str | None) -> Check:
    """The files below `application` that the original has and the rewritten image lacks, without waste
    and what was compiled; a note that says how many, how large, and which for example."""
    sources = _SOURCES.get(language or "")
    gone = [
        entry
        for entry in _gone(evidence, application)
        if not waste(entry.path) and not (sources and sources.search(entry.path))
    ]
    if not gone:
        detail = "nothing that run time could need"
        return Check(name="left behind", layer="disk", ok=True, detail=detail)
    size = sum(entry.size for entry in gone)
    shown = ", ".join(entry.path for entry in gone[:_SHOWN])
    files = "one file" if len(gone) == 1 else f"{len(gone)} files"
    text = f"{files} of the application ({size} bytes), for example {shown}" if len(gone) > _SHOWN else ""
    text = text or f"{files} of the application ({size} bytes): {shown}"
    return Check(name="left behind", layer="disk", ok=True, detail=text, note=True)


def _gone(evidence: Evidence, application: Iterable[str]) -> Iterator[Entry]:
    before, after = evidence.before.files, evidence.after.files
    for place in application:
        real = before.place(place)
        for entry in before.walk(real) if real else ():
            own = before.layer(entry.path)
            if entry.kind == "directory" or own is None or own < evidence.before.own:
                continue
            if after.get(entry.path) is None and evidence.after.entry(entry.path) is None:
                yield entry
