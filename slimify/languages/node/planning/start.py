"""What is known of the start command, and what has to stay if it is unknown."""

from __future__ import annotations

import posixpath

from slimify.analysis.program import Program
from slimify.analysis.runtime_needs import unread_start
from slimify.facts.image_tables import entry_scripts
from slimify.languages.node.vocabulary import RUN
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS, LEAVES_NOTHING, Effect
from slimify.planning.start_command import starts_only_shell
from slimify.semantics.paths import inside_any


def unknown_start(program: Program) -> Reason | None:
    """Why a smaller base may lack a program: the start command is unknown."""
    if not program.runtime_needs.start:
        return Reason.of("SL392", "no_start", base=program.base_ref)
    if starts_only_shell(program.runtime_needs.start):
        return Reason.of("SL392", "people", base=program.base_ref)
    start = program.runtime_needs.start
    programs = [e for e in start if e.kind not in LEAVES_NOTHING and e.tool not in entry_scripts()]
    for effect in [e for e in programs if not _fails(e)] or start:
        if effect.action.startswith(RUN) and effect.unread and effect.why:
            return Reason.of("SL392", "unread_start", why=effect.why, base=program.base_ref)
    unread = unread_start(program.runtime_needs.start)
    return Reason.of("SL392", "unread_start", why=unread, base=program.base_ref) if unread else None


def _fails(effect: Effect) -> bool:
    """Whether package.json lacks the script that a command runs: it starts nothing."""
    return effect.why is not None and (effect.why.code, effect.why.form) == ("SL221", "no_script")


def installs_at_start(program: Program) -> Reason | None:
    """Why the base must stay: an install at start-up may compile, and reads the caches of earlier ones."""
    needs = program.runtime_needs
    for effect, use in zip(needs.start, needs.origins, strict=True):
        if effect.ecosystem == "node" and effect.kind in INSTALLS:
            text = effect.as_written
            if use in needs.sources.started or use.line:
                return Reason.of("SL406", "may_install", place=use.place, command=text)
            return Reason.of("SL406", "every_start", command=text)
    return None


def runs_named_package(program: Program) -> Reason | None:
    """Why the base must stay: the started program belongs to a package installed by name into a directory
    of its own."""
    places = [
        e.cwd for e in program.effects if e.does("install", "node") and e.packages and e.cwd is not None
    ]
    started = [
        p for e in program.runtime_needs.start if e.kind == "app" and e.tool == "node" for p in e.reads
    ]
    view = program.end_state.view
    for path in started:
        names = [path, *(f"{path}{end}" for end in (".js", ".cjs", ".mjs", "/index.js", "/package.json"))]
        if any(view.context_path(name) is not None for name in names):
            continue
        if inside_any(path, places) and not inside_any(path, (m.path for m in program.artifacts)):
            return Reason.of(
                "SL392", "unknown_maker", file=posixpath.basename(path), directory=posixpath.dirname(path)
            )
    return None
