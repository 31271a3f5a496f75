"""Ways to break a rewritten Dockerfile; importing a module registers its kinds."""

from importlib import import_module

from .kinds import KINDS, Kind
from .subject import Subject

_MODULES = (
    *("bases", "commands", "copies", "left_out", "order", "packages", "settings", "shell_text", "stages"),
    *("uncommon", "wrong_plans", "displaced"),
)
for _name in _MODULES:
    import_module(f"{__name__}.{_name}")
__all__ = ["KINDS", "Kind", "Subject"]
