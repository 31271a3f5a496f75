"""Use case `explain`: the role of each step of Dockerfiles, or the meaning of a code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slimify.app.dockerfiles import Source, outcomes
from slimify.app.locate import Job
from slimify.model.outcome import Outcome

if TYPE_CHECKING:
    from slimify.image.model import Image


def explain_files(
    todo: Iterable[Job],
    context: Path | None = None,
    settings: dict[str, object] | None = None,
    image: Image | None = None,
    *,
    remembered: bool = False,
) -> Iterator[tuple[Source, Outcome]]:
    """The role of each step of each Dockerfile. The arguments are those of `rewrite_files`."""
    return outcomes(todo, context, settings or {}, image, shared={}, remembered=remembered)


def all_codes() -> dict[str, dict[str, str]]:
    """Every code with its meaning, as `explain_code` gives it."""
    from slimify.codes import known

    return known()


def explain_code(code: str) -> dict[str, Any] | None:
    """The meaning of a code such as SL204, as in `slimify explain SL204 --format json`; None if unknown."""
    from slimify.codes import meaning, page

    found = meaning(code)
    return found and {**found, "page": page(code)}
