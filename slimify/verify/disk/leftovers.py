"""What of the application's directories stayed behind: no difference by itself, but worth a look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from slimify.image.model import Entry
from slimify.verify.disk.evidence import Evidence, passing
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
# Where packages, toolchains and the system keep theirs.
_SYSTEM = (
    "/bin/", "/boot/", "/etc/", "/go/", "/lib", "/root/go/", "/root/.cargo/", "/root/.rustup/", "/sbin/",
    "/usr/", "/var/lib/", "/var/cache/", "/root/.config/", "/root/.local/", "/root/.node-gyp/", "/root/.bash",
)  # fmt: skip
_LEAST = 4096  # bytes in a directory that are worth a line


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
        return Check(
            name="application", layer="disk", ok=True, detail="all that run time could need is there"
        )
    shown = ", ".join(entry.path for entry in gone[:_SHOWN])
    example = f", for example {shown}" if len(gone) > _SHOWN else f": {shown}"
    text = f"{_amount(gone)} stayed behind{example}"
    return Check(name="application", layer="disk", ok=True, detail=text, note=True)


def _amount(entries: list[Entry]) -> str:
    number = "one file" if len(entries) == 1 else f"{len(entries)} files"
    return f"{number} ({sum(entry.size for entry in entries)} bytes)"


def elsewhere(evidence: Evidence, application: Iterable[str]) -> Check:
    """Data that the original's steps put somewhere else and the rewritten image lacks, by directory: models,
    browsers, corpora. What belongs to systems, packages, compilers and caches is left out."""
    own = (*(f"{place}/" for place in application), *_SYSTEM)
    places: dict[str, list[Entry]] = {}
    for entry in _gone(evidence, ("/",)):
        path = entry.path
        if path.startswith(own) or waste(path) or passing(path) or evidence.before.packages.owner_of(path):
            continue
        places.setdefault("/".join(path.split("/")[:3]), []).append(entry)
    large = sorted(places.items(), key=lambda item: -sum(entry.size for entry in item[1]))
    named = [
        f"{place}: {_amount(entries)}" for place, entries in large if sum(e.size for e in entries) >= _LEAST
    ]
    if not named:
        return Check(name="data elsewhere", layer="disk", ok=True, detail="none stayed behind")
    more = f" and {len(named) - _SHOWN} places more" if len(named) > _SHOWN else ""
    detail = f"stayed behind: {', '.join(named[:_SHOWN])}{more}"
    return Check(name="data elsewhere", layer="disk", ok=True, detail=detail, note=True)


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
