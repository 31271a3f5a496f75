"""slimify: turn a single-stage Dockerfile into a multi-stage one that does the same job.

    import slimify

    outcome = slimify.rewrite(text, "path/to/context")
    if outcome.kind == "rewritten":
        print(outcome.after, slimify.diff(outcome))

What is listed in `__all__` is stable: it changes with the first number of the version only. The command line
is made of it alone; beside it there is only what reads options and shows results.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slimify.analyze.rules import Limit, Limits, parse_limit, parse_share, parse_size
    from slimify.app.analyze import Analyses, AnalyzeOptions, analyze_images, read_image
    from slimify.app.check import (
        BaselineFile,
        CheckOptions,
        check_files,
        compare_baseline,
        read_baseline,
        stale_entries,
        update_baseline,
    )
    from slimify.app.choose import Hunk, hunks, with_choice
    from slimify.app.ci import CiStep, plan_ci, write_ci
    from slimify.app.dockerfiles import Source
    from slimify.app.effective_settings import Settings, settings_of
    from slimify.app.explain import all_codes, explain_code, explain_files
    from slimify.app.failures import failed, is_internal
    from slimify.app.learned_settings import keep_constraints
    from slimify.app.locate import Job, find
    from slimify.app.merge import merge_files
    from slimify.app.prove import Listeners, ProofOptions, prove_file
    from slimify.app.publish import Published, PublishOptions, open_requests
    from slimify.app.replace_file import finish_change
    from slimify.app.rewrite import rewrite_file, rewrite_files
    from slimify.app.write import new_content, withheld, write_file
    from slimify.config import Base, Builder, MinSaving, Options, parse_min_saving
    from slimify.config.pr import ForgeKind, Per
    from slimify.engine.model import BuildOptions
    from slimify.fleet.builds import ScanBuilds
    from slimify.fleet.library import scan
    from slimify.fleet.rows import Row
    from slimify.fleet.scan import ScanOptions, scan_all
    from slimify.image.model import Image
    from slimify.lint.findings import Checked
    from slimify.model.decisions import Decision
    from slimify.model.errors import SlimifyError
    from slimify.model.outcome import Outcome
    from slimify.pipeline import explain, rewrite
    from slimify.report.diff import diff
    from slimify.report.json import to_dict
    from slimify.verify.model import Grade, Proof

    __version__: str

__all__ = [
    "Analyses",
    "AnalyzeOptions",
    "Base",
    "BaselineFile",
    "BuildOptions",
    "Builder",
    "CheckOptions",
    "Checked",
    "CiStep",
    "Decision",
    "ForgeKind",
    "Grade",
    "Hunk",
    "Image",
    "Job",
    "Limit",
    "Limits",
    "Listeners",
    "MinSaving",
    "Options",
    "Outcome",
    "Per",
    "Proof",
    "ProofOptions",
    "PublishOptions",
    "Published",
    "Row",
    "ScanBuilds",
    "ScanOptions",
    "Settings",
    "SlimifyError",
    "Source",
    "all_codes",
    "analyze_images",
    "check_files",
    "compare_baseline",
    "diff",
    "explain",
    "explain_code",
    "explain_files",
    "failed",
    "find",
    "finish_change",
    "hunks",
    "is_internal",
    "keep_constraints",
    "merge_files",
    "new_content",
    "open_requests",
    "parse_limit",
    "parse_min_saving",
    "parse_share",
    "parse_size",
    "plan_ci",
    "prove_file",
    "read_baseline",
    "read_image",
    "rewrite",
    "rewrite_file",
    "rewrite_files",
    "scan",
    "scan_all",
    "settings_of",
    "stale_entries",
    "to_dict",
    "update_baseline",
    "with_choice",
    "withheld",
    "write_ci",
    "write_file",
]
_MODULES = {
    "analyze.rules": ("Limit", "Limits", "parse_limit", "parse_share", "parse_size"),
    "app.analyze": ("Analyses", "AnalyzeOptions", "analyze_images", "read_image"),
    "app.check": (
        "BaselineFile", "CheckOptions", "check_files", "compare_baseline", "read_baseline", "stale_entries",
        "update_baseline",
    ),
    "app.choose": ("Hunk", "hunks", "with_choice"),
    "app.ci": ("CiStep", "plan_ci", "write_ci"),
    "app.dockerfiles": ("Source",),
    "app.effective_settings": ("Settings", "settings_of"),
    "app.explain": ("all_codes", "explain_code", "explain_files"),
    "app.failures": ("failed", "is_internal"),
    "app.learned_settings": ("keep_constraints",),
    "app.locate": ("Job", "find"),
    "app.merge": ("merge_files",),
    "app.prove": ("Listeners", "ProofOptions", "prove_file"),
    "app.publish": ("PublishOptions", "Published", "open_requests"),
    "app.replace_file": ("finish_change",),
    "app.rewrite": ("rewrite_file", "rewrite_files"),
    "app.write": ("new_content", "withheld", "write_file"),
    "config": ("Base", "Builder", "MinSaving", "Options", "parse_min_saving"),
    "config.pr": ("ForgeKind", "Per"),
    "engine.model": ("BuildOptions",),
    "fleet.library": ("scan",),
    "fleet.builds": ("ScanBuilds",),
    "fleet.rows": ("Row",),
    "fleet.scan": ("ScanOptions", "scan_all"),
    "image.model": ("Image",),
    "lint.findings": ("Checked",),
    "model.decisions": ("Decision",),
    "model.errors": ("SlimifyError",),
    "model.outcome": ("Outcome",),
    "pipeline": ("explain", "rewrite"),
    "report.diff": ("diff",),
    "report.json": ("to_dict",),
    "verify.model": ("Grade", "Proof"),
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "__version__":
        return _version()
    # imported when it is asked for: `slimify --version` needs none of it
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"slimify.{module}"), name)
    raise AttributeError(f"module 'slimify' has no attribute {name!r}")


def _version() -> str:
    """The version of the distribution, which is that of its tag: a wheel has a file with it, read at once."""
    try:
        with open(f"{__path__[0]}/version.txt", encoding="utf-8") as file:
            return file.read()
    except OSError:
        pass
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dockerfile-slimify")
    except PackageNotFoundError:
        return "0+unknown"  # the sources alone
