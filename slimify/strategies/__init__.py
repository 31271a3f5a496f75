"""Program -> layouts, best first. One module a language; the order is that of the tuple."""

from __future__ import annotations

from slimify.classify.program import Program
from slimify.config import Options
from slimify.model import Reason
from slimify.strategies import go, node, python
from slimify.strategies.base import Proposal, Strategy

STRATEGIES: tuple[Strategy, ...] = (go, node, python)


def propose(program: Program, options: Options) -> Proposal:
    """The layouts of the strategy for the program's language."""
    for strategy in STRATEGIES:
        if program.language == strategy.NAME:
            return strategy.propose(program, options)
    nothing = Reason(code="SL410", text="neither Go nor Node nor Python is built or started here")
    return Proposal(reasons=(nothing,))
