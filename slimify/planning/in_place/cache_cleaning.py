"""How an installer's cache is kept out of the layer of a RUN."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from slimify.analysis.program import Step


class CacheCleaning(Struct, frozen=True, kw_only=True):
    """A cache that a RUN leaves, and the edits that keep it out of the layer.

    `words` replaces spans of the RUN's logical text, `tail` is a command added at its end. `saving` is in
    bytes. With `shared`, all steps fill the same cache, which counts once.
    """

    what: str
    words: Mapping[tuple[int, int], str] = field(default_factory=dict)
    tail: str = ""
    saving: int = 0
    shared: bool = False


def is_editable(step: Step) -> bool:
    """Whether commands of a RUN can be changed: plain shell text without cache mounts."""
    assert step.script is not None
    return (
        not step.script.opaque and not step.instruction.heredocs and "type=cache" not in step.instruction.raw
    )
