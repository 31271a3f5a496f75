"""Closed worlds: what may be left out because all its readers, or callers, are known.

Nothing is dropped for want of a reader unless the claim about its region holds. Each function makes the claim
for one kind of region.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from slimify.analysis.packages.system import system_package
from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.runtime_needs import unread_start
from slimify.context.scan import Context
from slimify.facts.image_tables import entry_scripts
from slimify.facts.images import ImageFacts
from slimify.facts.programs import starts_what_users_name
from slimify.facts.servers import drops_root, is_web_server, sets_path
from slimify.languages import languages
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.model.sources import Use


class Claim(Struct, frozen=True, kw_only=True):
    """That all users of a region are known. `why` is the reason why they are not, `evidence` the places that
    show it. The region of `files` is an image path; that of `programs` is everything that can be started."""

    kind: Literal["programs", "files"]
    region: str = ""
    why: Reason | None = None
    evidence: tuple[Use, ...] = ()

    @property
    def holds(self) -> bool:
        return self.why is None


def started_programs(
    needs: RuntimeNeeds, build: Sequence[Effect], base: ImageFacts | None, context: Context
) -> Claim:
    """The claim that every program that can be started at run time is known. `build` are the effects of all
    RUNs.

    Not known are those that a program starts by a name that only run time knows, and those of a program whose
    sources were not read, or that an image without a start is used for.
    """
    if needs.dynamic:
        place = f"{needs.dynamic[0].file}:{needs.dynamic[0].line}"
        return _programs(Reason.of("SL203", "dynamic", place=place), needs.dynamic)
    unread = unread_start(needs.start)
    if unread is not None:
        return _programs(Reason.of("SL203", "unread_package", why=unread))
    if not needs.start:
        return _programs(Reason.of("SL203", "no_start"))
    host = next((c for c in needs.commands if starts_what_users_name(c)), None)
    if host is not None:
        return _programs(Reason.of("SL203", "host", command=host), (needs.commands[host],))
    started = [
        (e.tool, use) for e, use in zip(needs.start, needs.origins, strict=True) if e.kind == "unknown"
    ]
    unknown = [(tool, use) for tool, use in started if not _is_known_program(tool, build, base)]
    own = _project_programs(context) if unknown else ()
    for tool, use in unknown:
        if tool.rpartition("/")[2] not in own:
            return _programs(Reason.of("SL203", "unread_program", command=tool), (use,))
    return Claim(kind="programs")


def _programs(why: Reason, evidence: tuple[Use, ...] = ()) -> Claim:
    return Claim(kind="programs", why=why, evidence=evidence)


def _project_programs(context: Context) -> frozenset[str]:
    """The programs that the project in the context installs itself: their sources were read."""
    projects = (known.project for known in languages())
    return frozenset(name for p in projects if p is not None for name in p.project_programs(context))


def _is_known_program(tool: str, build: Sequence[Effect], base: ImageFacts | None) -> bool:
    """Whether it is known what a program starts: it is built here, or one of the system that starts nothing
    but what its configuration, which was read, names."""
    name = tool.rpartition("/")[2]
    if name in entry_scripts() or is_web_server(name) or drops_root(name) or sets_path(name):
        return True
    if any(name == path.rpartition("/")[2] for e in build for path in e.outputs):
        return True
    packages = {p.name for e in build if e.kind == "packages" for p in e.packages}
    release = (base.distro, base.suite) if base is not None else (None, None)
    facts = (system_package(package, *release) for package in packages)
    return any(name in f.commands for f in facts if f is not None and f.kind == "run")
