"""Advice on problems that slimify does not fix, because the fix would change what the image does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from slimify.analysis.development_servers import development_server
from slimify.analysis.program import RuntimeContract, RuntimeNeeds
from slimify.context.scan import Context
from slimify.model.decisions import Decision, PackageVerdict
from slimify.model.dockerfile import Instruction
from slimify.model.regex import regex
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import arg_names, copy_parts, env_pairs
from slimify.syntax.dockerfile.words import expand

SECRET = regex(
    r"(^|_)(TOKEN|PASSWORD|PASSWD|SECRET|SECRETS|APIKEY|API_KEY|PRIVATE_KEY|ACCESS_KEY|CREDENTIALS?)(_|$)",
    re.IGNORECASE,
)


def findings(
    visits: Sequence[Visit],
    runtime: RuntimeContract,
    runtime_needs: RuntimeNeeds,
    packages: Sequence[tuple[int, PackageVerdict]],
) -> tuple[Decision, ...]:
    """Advice for the whole file, ordered by line."""
    found = [
        *_missing_sources(visits),
        *_secrets(visits),
        *(_unused_packages(packages, visits, runtime) if runtime_needs.start else ()),
        *_development_server(visits, runtime_needs),
    ]
    return tuple(sorted(found, key=lambda d: d.line or 10**9))


def _missing_sources(visits: Sequence[Visit]) -> Iterator[Decision]:
    for visit in visits:
        known = visit.state.known_env
        yield from _missing_copy_sources(visit.instruction, visit.state.view.context, known)


def missing_earlier_sources(
    instructions: Sequence[Instruction], scopes: Sequence[Mapping[str, str]], context: Context
) -> tuple[Decision, ...]:
    """COPY sources of earlier stages that the context lacks. `scopes` are the variables at each
    instruction."""
    pairs = zip(instructions, scopes, strict=True)
    return tuple(
        d for instruction, known in pairs for d in _missing_copy_sources(instruction, context, known)
    )


def _missing_copy_sources(
    instruction: Instruction, context: Context, known: Mapping[str, str]
) -> Iterator[Decision]:
    if instruction.keyword not in ("COPY", "ADD") or context.root is None:
        return
    parts = copy_parts(instruction)
    if parts.from_stage is not None:
        return
    for source in parts.sources:
        name = expand(source, known)
        if not name or "://" in name or "$" in name or name.startswith(("<<", "git@")):
            continue
        wild = any(ch in name for ch in "*?[")
        if context.glob(name, directories=True) if wild else context.has(name.lstrip("/") or "."):
            continue
        if source == "#":
            yield Decision.of("SL324", "comment", line=instruction.line, instruction=instruction.keyword)
            return
        yield Decision.of("SL324", "missing", line=instruction.line, source=source)


def _secrets(visits: Sequence[Visit]) -> Iterator[Decision]:
    for visit in visits:
        instruction = visit.instruction
        if instruction.keyword == "ARG":
            names = [n for n, _ in arg_names(instruction)]
        elif instruction.keyword == "ENV":
            names = [n for n, v in env_pairs(instruction) if v.strip("\"'")]
        else:
            continue
        for name in names:
            if SECRET.search(name):
                keyword = instruction.keyword
                yield Decision.of("SL323", "secret", line=instruction.line, name=name, instruction=keyword)


def _unused_packages(
    packages: Sequence[tuple[int, PackageVerdict]], visits: Sequence[Visit], runtime: RuntimeContract
) -> Iterator[Decision]:
    """Packages that nothing uses, grouped by install, with what was searched."""
    steps = sum(v.instruction.keyword == "RUN" for v in visits)
    started = " ".join(" ".join(runtime.argv).split())
    known = bool(started) and runtime.sets_start_command
    effects = [e for v in visits for atom in v.effects for e in atom]
    gone = {p.name for e in effects if e.kind == "unpackage" for p in e.packages}
    idle: dict[int, dict[str, None]] = {}
    for line, verdict in packages:
        if verdict.name not in gone and any((r.code, r.form) == ("SL206", "unseen") for r in verdict.reasons):
            idle.setdefault(line, {})[verdict.name] = None
    for line, found in idle.items():
        names = tuple(found)
        if known:
            yield Decision.of(
                "SL206", "unused_by_start", line=line, names=names, steps=steps, command=started
            )
        else:
            yield Decision.of("SL206", "unused", line=line, names=names, steps=steps)


def _development_server(visits: Sequence[Visit], runtime_needs: RuntimeNeeds) -> Iterator[Decision]:
    found = development_server(runtime_needs)
    if found is None:
        return
    what, use = found
    if use.file == "Dockerfile":
        starts = [v.instruction.line for v in visits if v.instruction.keyword in ("CMD", "ENTRYPOINT")]
        line = starts[-1] if starts else None
        yield Decision.of("SL320", "server", line=line, what=what)
    else:
        yield Decision.of("SL320", "started_by", what=what, file=use.file, at=use.line)
