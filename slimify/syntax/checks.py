"""What BuildKit rejects once the lines are read: arguments, flags, order of instructions."""

from __future__ import annotations

from slimify.model import Dockerfile, SlimifyError


def check(dockerfile: Dockerfile, name: str) -> None:
    """Raise SlimifyError for the first instruction that the builder would refuse."""
    instructions = dockerfile.instructions
    if not instructions:
        raise SlimifyError("SL003", f"{name} has no instructions", line=1)
    for instruction in instructions:
        if instruction.keyword == "FROM":
            return
        if instruction.keyword != "ARG":
            raise SlimifyError(
                "SL001", f"{instruction.keyword} stands before the first FROM", line=instruction.line
            )
    raise SlimifyError("SL003", f"{name} has no FROM", line=instructions[-1].line)
