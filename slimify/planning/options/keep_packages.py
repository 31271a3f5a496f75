"""The setting `keep-packages`: system packages that the final image must have.

Classification keeps those that the file installs by name. The others came with the full base image or as
dependencies of build-only packages, and are installed here.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.carried import installed
from slimify.facts.debian import name_before_t64
from slimify.facts.system import hadolint_rule
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import SystemManager
from slimify.model.plan import Plan, Stage
from slimify.model.regex import regex
from slimify.planning.final_stage.rebase import base_as_written
from slimify.planning.final_stage.restore_packages import install_run
from slimify.planning.stages.items import keyword, keyword_case, new_item, with_item

# The instruction that `restore_packages.install_run` writes.
_INSTALL_RUN = regex(r"apt-get install -y --no-install-recommends (?P<names>[^\\\n]+?) \\")


def with_kept_packages(program: Program, plan: Plan, names: tuple[str, ...]) -> Plan | Reason:
    """The plan with every package in its final stage, or why this plan can't have one (SL396)."""
    final = plan.stages[-1]
    facts = program.facts_of(final.base) or program.base
    unchanged = len(plan.stages) == 1 and final.base in (program.base_ref, base_as_written(program))
    here = {name_before_t64(name) for name in installed(facts)} if facts else set()
    missing = [n for n in names if name_before_t64(n) not in here and not _installs_package(final, n)]
    if not missing or unchanged:
        return plan
    manager = facts.manager if facts else None
    rule = hadolint_rule(manager)
    if not rule:
        return Reason.of("SL396", "package", base=final.base, package=missing[0])
    joined = _with_joined_install(final, missing) if manager == SystemManager.APT else None
    if joined is not None:
        return plan.with_final(joined, _decision(missing))
    apt = manager == SystemManager.APT
    line = install_run(missing) if apt else f"RUN apk add --no-cache {' '.join(missing)}"
    case, end = keyword_case(program), program.dockerfile.newline
    item = new_item(f"# hadolint ignore={rule}\n" + line.replace("RUN", case("RUN"), 1), end, spaced=True)
    at = next((i for i, x in enumerate(final.items) if keyword(x) == "FROM"), 0) + 1
    return plan.with_final(with_item(final, at, item, end), _decision(missing))


def _decision(names: list[str]) -> Decision:
    return Decision.of("SL222", "packages", names=tuple(names))


def _with_joined_install(stage: Stage, names: list[str]) -> Stage | None:
    """The stage with the packages added to the install of restored packages, if it has one."""
    for at, item in enumerate(stage.items):
        found = _INSTALL_RUN.search(item.text) if item.origin is None else None
        if found:
            line = " ".join(sorted({*found["names"].split(), *names}))
            text = item.text[: found.start("names")] + line + item.text[found.end("names") :]
            return replace(stage, items=(*stage.items[:at], replace(item, text=text), *stage.items[at + 1 :]))
    return None


def _installs_package(stage: Stage, name: str) -> bool:
    """Whether a RUN of the stage names the package."""
    word = re.compile(rf"(?<![\w.+-]){re.escape(name_before_t64(name))}(?:t64)?(?![\w.+-])")
    return any(keyword(item) == "RUN" and word.search(item.text) for item in stage.items)
