"""slimify: turn a single-stage Dockerfile into a multi-stage one that does the same job.

    import slimify

    outcome = slimify.rewrite(text, "path/to/context")
    if outcome.kind == "rewritten":
        print(outcome.after, slimify.diff(outcome))

What is listed in `__all__` is stable: it changes with the first number of the version only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slimify.config import MinSaving, Options
    from slimify.library import prove_file, rewrite_file, scan
    from slimify.model import Decision, Outcome, SlimifyError
    from slimify.pipeline import rewrite
    from slimify.report.diff import diff
    from slimify.report.json import to_dict
    from slimify.verify.model import Proof

__version__ = "0.1.0"

__all__ = [
    "Decision",
    "MinSaving",
    "Options",
    "Outcome",
    "Proof",
    "SlimifyError",
    "diff",
    "prove_file",
    "rewrite",
    "rewrite_file",
    "scan",
    "to_dict",
]
_MODULES = {
    "config": ("MinSaving", "Options"),
    "library": ("prove_file", "rewrite_file", "scan"),
    "model": ("Decision", "Outcome", "SlimifyError"),
    "pipeline": ("rewrite",),
    "report.diff": ("diff",),
    "report.json": ("to_dict",),
    "verify.model": ("Proof",),
}


def __getattr__(name: str) -> object:
    # imported when it is asked for: `slimify --version` needs none of it
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"slimify.{module}"), name)
    raise AttributeError(f"module 'slimify' has no attribute {name!r}")
