"""What a language's strategy proposes."""

from __future__ import annotations

from msgspec import Struct

from slimify.model.decisions import Reason
from slimify.model.plan import Rung
from slimify.model.sizes import MB
from slimify.planning.layout import Layout


class Proposal(Struct, frozen=True, kw_only=True):
    """Layouts, best first, and the reasons why better ones are not possible."""

    layouts: tuple[Layout, ...] = ()
    reasons: tuple[Reason, ...] = ()


def small_saving(rung: Rung, saving: int, *, measured: bool = False) -> Reason:
    """The reason SL407: the rewrite saves too little. `saving` is in bytes."""
    megabytes = max(saving, 0) // MB
    if measured:
        return Reason.of("SL407", "small_measured", rung=rung, megabytes=megabytes)
    return Reason.of("SL407", "small", rung=rung, megabytes=megabytes)
