"""Which language's strategy a file belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from slimify.analysis.runtime_needs import configured
from slimify.context.scan import Context
from slimify.facts.images import ImageFacts
from slimify.model.effects import INSTALLS
from slimify.semantics.walk import Visit

_KINDS = INSTALLS | {"compile"}  # what a project needs for its own language
_MARKERS = {
    "go": ("go.mod", "Gopkg.toml", "glide.yaml", "main.go"),
    "node": ("package.json",),
    "python": ("requirements.txt", "pyproject.toml", "setup.py", "Pipfile"),
}


def language_of(base: ImageFacts | None, visits: Sequence[Visit], context: Context) -> str | None:
    """`go`, `node` or `python`; None when nothing tells. The base image decides, then the installers
    that are called, then what lies in the context."""
    if base is not None and base.language in _MARKERS:
        return base.language
    seen = Counter(
        e.ecosystem
        for v in visits
        for atom in v.effects
        for e in atom
        if e.ecosystem and e.kind in _KINDS and e.action not in ("venv", "check")
    )
    started = _started(visits)
    if seen:
        return started if started in seen else seen.most_common(1)[0][0]
    if started:
        return started
    for language, names in _MARKERS.items():
        if any(context.has(name) for name in names):
            return language
    return None


def _started(visits: Sequence[Visit]) -> str | None:
    """The language of the program that the last CMD or ENTRYPOINT names, else that of most command lines
    which a process manager finds in its settings."""
    starts = (v.instruction.value for v in reversed(visits) if v.instruction.keyword in ("CMD", "ENTRYPOINT"))
    found = next((language for text in starts if (language := _named(text))), None)
    if found or not visits:
        return found
    managed = Counter(filter(None, (_named(text) for _, text in configured(visits[-1].state.view))))
    return managed.most_common(1)[0][0] if managed else None


def _named(text: str) -> str | None:
    """The language whose interpreter, or a program written in it, a command line names."""
    return next((language for language, words in _START.items() if any(w in text for w in words)), None)


_START = {"python": ("python", "gunicorn", "uvicorn", "celery", "flask"), "node": ("node", "npm", "yarn")}
