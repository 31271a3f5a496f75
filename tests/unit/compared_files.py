"""Two Dockerfiles that no planner made, held against each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import parse
from slimify.validation.comparison import Comparison
from slimify.validation.validate import comparison_problems


def differences(
    old: str, new: str, files: Mapping[str, str], folder: Path, kept: tuple[str, ...] = ()
) -> str:
    """What validation has against the new file, in a context with these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    program = classify(parse(old.encode(), "Dockerfile"), scan(folder, None), "Dockerfile", Options(), None)
    machine = program.executed(parse(new.encode(), "Dockerfile"))
    compared = Comparison(old=program.machine, new=machine, program=program, kept=kept)
    return "; ".join(map(str, comparison_problems(compared)))


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """A text in which each first word is replaced by the second one."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
