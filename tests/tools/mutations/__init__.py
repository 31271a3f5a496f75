"""Ways to break a rewritten Dockerfile; importing a module registers its kinds."""

from . import bases, commands, copies, order, packages, settings, shell_text
from .kinds import KINDS, Kind
from .subject import Subject

__all__ = [
    "KINDS",
    "Kind",
    "Subject",
    "bases",
    "commands",
    "copies",
    "order",
    "packages",
    "settings",
    "shell_text",
]
