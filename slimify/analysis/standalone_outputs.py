"""The output of a framework's build that is complete: the packages that the started file needs are in it.

The project that it was built from stays behind where no other program is started, nothing names another of
its files, and no source reads files at run time: a bundle may still read those by the project's directory.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from slimify.analysis.program import RuntimeContract, RuntimeNeeds
from slimify.context.scan import Context
from slimify.context.values import json_of, table
from slimify.facts.image_tables import entry_scripts
from slimify.facts.system import is_for_people
from slimify.languages import languages
from slimify.model.effects import BUILDS, RUNS_CODE, Effect
from slimify.model.regex import regex
from slimify.semantics.effects.call import Call
from slimify.semantics.effects.state import State
from slimify.semantics.paths import inside


def standalone_output(
    effects: Iterable[Effect], contract: RuntimeContract, needs: RuntimeNeeds, end: State
) -> tuple[str, str] | None:
    """The project that stays behind, and its output; None where it is needed, or starts something else."""
    begun = [call for call in needs.programs if call.call.name not in entry_scripts()]
    runs = [path for effect in needs.start if effect.kind == "app" for path in effect.reads]
    if len(begun) != 1 or len(runs) != 1 or needs.dynamic or needs.sources.skipped:
        return None
    for row in (row for row in _rows() if _loads_nothing_else(begun[0].call, row)):
        for pattern, output in zip(row["started"], row["outputs"], strict=True):
            match = re.fullmatch(pattern, runs[0])
            project = (match["project"] or "/") if match is not None else None
            if project in (None, "/"):
                continue
            target = posixpath.join(project, output)
            built = any(e.cwd == project and e.kind in BUILDS | RUNS_CODE for e in effects)
            others = [text for text in _texts(contract, needs, end) if not inside(text, target)]
            if built and not any(project in text for text in others) and not _reads(end, project, row):
                return project, target
    return None


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    rows = (known.facts("servers.toml").get("standalone") for known in languages())
    return tuple(row for row in rows if row)


def _texts(contract: RuntimeContract, needs: RuntimeNeeds, end: State) -> Iterator[str]:
    yield from (value or "" for name, value in end.env.items() if name != "PATH")
    yield from (*contract.volumes, contract.healthcheck, *needs.paths)
    yield from (name for name in needs.commands if "/" in name)
    yield from (path for effect in needs.start for path in (*effect.reads, *effect.manifests))


def _loads_nothing_else(call: Call, row: Mapping[str, Any]) -> bool:
    """Whether options and variables of the started program name no further file or package."""
    options = [arg.value or arg.text for arg in call.args][:-1]
    options += (call.state.get(row["variable"]) or "").split()
    return all(re.fullmatch(row["options"], option) for option in options)


def _reads(end: State, project: str, row: Mapping[str, Any]) -> bool:
    """Whether a source of the project may read its files at run time, or a package has files that no build
    finds."""
    context, where = end.view.context, end.view.context_path(project)
    if where is None:
        return True
    manifest = table(json_of(context.text(posixpath.join(where, row["manifest"]))))
    if not {*row["beside"].split()}.isdisjoint({*table(manifest.get("dependencies"))}):
        return True
    reading = re.compile(row["reading"].replace("\n", ""))
    texts = ((name, context.text(name) or "") for name in _sources(context, where))
    return any(reading.search(text) or _names_file(context, where, name, text) for name, text in texts)


# A string that is no module to import, and no single word.
_NAME = regex(
    r"""(?<!from )(?<!import )(?<!import\()(?<!require\()["'`](?:\./)?([\w@-]*[./][\w@./-]*)["'`]"""
)


def _names_file(context: Context, where: str, name: str, text: str) -> bool:
    """Whether a source names a file or directory of the project, which a library may read: those that
    settings of the build name are for the build."""
    if ".config." in name:
        return False
    paths = (posixpath.normpath(posixpath.join(where, found)) for found in _NAME.findall(text))
    return any(context.has(path) for path in paths if path != (where or "."))


def _sources(context: Context, where: str) -> Iterator[str]:
    endings = tuple(ending for known in languages() for ending in known.source_suffixes)
    for name in context.under(where) if where else context.files:
        if name.endswith((*endings, ".vue")) and not is_for_people(name):
            yield name
