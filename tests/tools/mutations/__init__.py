"""Ways to break a rewritten Dockerfile; importing a module registers its kinds."""

from . import (
    bases,
    commands,
    copies,
    left_out,
    order,
    packages,
    settings,
    shell_text,
    stages,
    uncommon,
    wrong_plans,
)
from .kinds import KINDS, Kind
from .subject import Subject

_MODULES = (
    bases,
    commands,
    copies,
    left_out,
    order,
    packages,
    settings,
    shell_text,
    stages,
    uncommon,
    wrong_plans,
)
__all__ = ["KINDS", "Kind", "Subject"]
