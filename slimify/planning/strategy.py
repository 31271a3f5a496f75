"""What a language's strategy is: a module with a name and a function that makes layouts."""

from __future__ import annotations

from msgspec import Struct

from slimify.model.decisions import Reason
from slimify.model.plan import Rung
from slimify.model.sizes import MB
from slimify.planning.layout import Layout


class Proposal(Struct, frozen=True, kw_only=True):
    """Layouts, best first, and why better ones were not possible."""

    layouts: tuple[Layout, ...] = ()
    reasons: tuple[Reason, ...] = ()


def too_small(rung: Rung, saving: int, *, measured: bool = False) -> Reason:
    """That a rewrite is not worth it; `saving` in bytes."""
    megabytes = max(saving, 0) // MB
    if measured:
        return Reason.of("SL407", "small_measured", rung=rung, megabytes=megabytes)
    return Reason.of("SL407", "small", rung=rung, megabytes=megabytes)
