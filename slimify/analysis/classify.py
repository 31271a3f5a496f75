"""Classifies a Dockerfile with its build context: what each step does, and in which stage it is executed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify import languages
from slimify.analysis.advice.findings import findings, missing_earlier_sources
from slimify.analysis.closed_worlds import mounted_sources, unknown_programs
from slimify.analysis.evidence.evidence_decisions import base_mapping_decisions, evidence_decisions
from slimify.analysis.evidence.linked_packages import with_linked_packages
from slimify.analysis.graph.graph import AtomKey, graph_of
from slimify.analysis.installed_commands import installed_commands
from slimify.analysis.language import language_of
from slimify.analysis.packages.build_settings import has_reader
from slimify.analysis.packages.context_mentions import mentions_in
from slimify.analysis.packages.module_needs import needs_of_programs, present_modules
from slimify.analysis.packages.package_files import package_files
from slimify.analysis.packages.package_usage import PackageUsage
from slimify.analysis.packages.package_verdicts import package_verdicts
from slimify.analysis.packages.program_calls import final_stage_installs, final_stage_tools
from slimify.analysis.previous_stages import with_previous_stages
from slimify.analysis.program import AtomStep, Program, RuntimeNeeds, Step, facts_of
from slimify.analysis.refusals import refusals, triggers
from slimify.analysis.repository.run_commands import image_uses
from slimify.analysis.roles.assign import assign_roles
from slimify.analysis.roles.model import Given, Roles
from slimify.analysis.runtime_contract import runtime_contract
from slimify.analysis.runtime_needs import runtime_needs, with_absent_scripts, with_needs_of
from slimify.config import Options, disk
from slimify.context.scan import Context
from slimify.facts.basemap import BaseMap
from slimify.facts.images import ImageFacts, on_distribution
from slimify.facts.programs import only_reader
from slimify.model.decisions import PackageVerdict, Reason, Role
from slimify.model.dockerfile import Dockerfile
from slimify.model.effects import NOT_FOR_RUN_TIME
from slimify.model.regex import regex
from slimify.model.sources import Use
from slimify.semantics.machine.content import brought_events, copied_from_stages
from slimify.semantics.machine.stages import execute
from slimify.semantics.walk import Visit, base_image
from slimify.syntax.dockerfile.instructions import arg_names, from_parts
from slimify.syntax.dockerfile.keywords import CONFIG_ONLY
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import references

_MOST_VALUES = 4  # of a build argument whose programs are read

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage


_KEEP_COMMENT = regex(r"#\s*slimify:\s*keep\b", re.IGNORECASE)


def classify(
    file: Dockerfile, context: Context, name: str, options: Options, evidence: BuiltImage | None = None
) -> Program:
    """Labels every instruction and command of the last stage.

    `name` is the file name for messages, `evidence` an image built from the file. Undecidable steps get the
    role `unknown`; nothing is raised. A file that must not be rewritten has `refusals`.
    """
    instructions = file.instructions
    start = file.last_from
    names = BaseMap(options.bases)
    path = context_path(context, name)
    stage = from_parts(instructions[start]).alias or ""
    # whatever the text of the file
    uses = context.once(("uses", path, stage), lambda: image_uses(context, path, stage))
    build_args = {**_unset_arguments(file, uses.arguments), **options.build_args}
    bases = (*triggers(file, name), *uses.bases)
    given = {name: v for name, v in uses.arguments.items() if name not in options.build_args}
    reference, base = base_image(instructions[start], scopes(file, {}, build_args)[start], names)
    shown = _evidence_base(file, reference, base, evidence)
    base = base or shown
    machine = execute(file, context, partial(facts_of, names, reference, base), build_args)
    if base is not None and base.distro is None:
        called = (e.manager for e in machine.final.effects if e.kind == "packages" and e.packages)
        base = on_distribution(base, next(called, ""))
        machine = execute(file, context, partial(facts_of, names, reference, base), build_args)
    end = machine.final.end
    visits = installed_commands(machine.final.visits, end)
    seen: Mapping[int, tuple[str, ...]] = {}
    if evidence is not None:
        from slimify.analysis.evidence.layer_effects import layer_effects

        visits, seen = layer_effects(visits, evidence)
    contract = runtime_contract(machine.final)
    language = language_of(base, visits, context)
    effects = tuple(e for v in visits for atom in v.effects for e in atom)
    needed = partial(runtime_needs, contract, named=uses.commands, language=language, base=base)
    needed = partial(needed, others_say=uses.say_what_starts)
    needs = needed(end, effects, copied=copied_from_stages(machine.final))
    needs = with_previous_stages(needs, machine, base, language)
    for values in _other_values(file, given, build_args):
        other = execute(file, context, partial(facts_of, names, reference, base), {**build_args, **values})
        last = other.final
        more = needed(last.end, last.effects, copied=copied_from_stages(last))
        needs = with_needs_of(needs, with_previous_stages(more, other, base, language))
    needs = with_absent_scripts(needs, machine.final)
    needs = _with_kept_commands(needs, options.keep_commands)
    needs = needs.and_those(RuntimeNeeds(commands=_only_readers(visits)))
    keep = _kept_instructions(file)
    needs = with_linked_packages(needs, evidence) if evidence is not None else needs
    linking = known.linking if (known := languages.language(language)) is not None else None
    links_nothing = linking is not None and linking.links_no_system_library(visits, end, needs)
    mounted, brought = mounted_sources(uses.mounts, end.cwd), brought_events(machine)
    unknown = unknown_programs(needs, effects, base, context, mounted, brought)
    if unknown is not None:
        needs = needs.and_those(needs_of_programs(present_modules(effects, end.view, (), language)))
    usage = PackageUsage(
        visits=visits,
        needs=needs,
        base=base,
        application=language,
        keep=options.keep_packages,
        mentions=mentions_in(context),
        unknown_programs=unknown,
        links_nothing=links_nothing,
        bases=bases,
        evidence=evidence,
        drop_unused=options.drop_unused or options.lean,
    )
    packed = frozenset(package_files(machine.final, needs))
    packages, roles, late = _packages_and_roles(usage, keep, packed)
    lines = {v.index: v.instruction.line for v in visits}
    judged = [(lines[index], v) for (index, _), found in packages.items() for v in found]
    return Program(
        dockerfile=file,
        context=context,
        name=name,
        base_ref=reference,
        base=base,
        language=language,
        steps=tuple(_step(visit, roles, packages) for visit in visits),
        runtime=contract,
        runtime_needs=needs,
        artifacts=tuple(m for m in roles.artifacts if has_reader(m, usage, end)),
        end_state=end,
        refusals=refusals(file, base, reference),
        findings=(
            *base_mapping_decisions(file.instructions[start], reference, names),
            *evidence_decisions(evidence, shown, seen),
            *missing_earlier_sources(instructions[:start], machine.final.scopes[:start], context),
            *findings(visits, contract, needs, judged),
        ),
        build_args=build_args,
        given_args=given,
        final_stage_tools=late,
        bases=bases,
        mounts=uses.mounts,
        image_evidence=evidence,
        base_map=names,
        classified=machine if evidence is None else None,
    )


def _evidence_base(
    file: Dockerfile, reference: str, base: ImageFacts | None, evidence: BuiltImage | None
) -> ImageFacts | None:
    """The base image as the built image shows it, if its reference is not in the tables."""
    if base is not None or evidence is None:
        return None
    from slimify.analysis.evidence.base_image import base_image_facts

    return base_image_facts(evidence, file, reference)


def _unset_arguments(file: Dockerfile, passed: Mapping[str, tuple[str | None, ...]]) -> Mapping[str, str]:
    """The first values that are passed for ARGs without a value of their own."""
    declared = [pair for x in file.instructions if x.keyword == "ARG" for pair in arg_names(x)]
    unset = {arg for arg, _ in declared} - {arg for arg, value in declared if value is not None}
    return {arg: values[0] for arg, values in passed.items() if arg in unset and values[0] is not None}


def _other_values(
    file: Dockerfile, given: Mapping[str, tuple[str | None, ...]], build_args: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    """The arguments with values that files of the repository pass as well, one at a time: what their programs
    need is needed, too. Which bases are chosen is a question of its own."""
    chosen = {n for x in file.instructions if x.keyword == "FROM" for n in references(from_parts(x).image)}
    declared = {name: value for x in file.instructions if x.keyword == "ARG" for name, value in arg_names(x)}
    for name in (name for name in declared if name not in chosen):
        first = build_args.get(name, declared[name])
        others = [value for value in given.get(name, ()) if value is not None and value != first]
        yield from ({name: value} for value in others[:_MOST_VALUES])


def _packages_and_roles(
    usage: PackageUsage, keep: frozenset[int], packed: frozenset[str]
) -> tuple[Mapping[AtomKey, tuple[PackageVerdict, ...]], Roles, Mapping[str, Use]]:
    """Package verdicts, roles, and the programs that steps of the final stage call. If packages of such
    programs were assigned to the build, everything is computed again with these programs known. `keep` are
    instructions that the user keeps in the final stage, `packed` the package files."""
    packages = package_verdicts(usage)
    given = Given(graph=graph_of(usage.visits), usage=usage, packages=packages, keep=keep, packed=packed)
    roles = assign_roles(given)
    late = final_stage_tools(usage.visits, roles.steps)
    if late:
        installs = final_stage_installs(usage.visits, roles.steps)
        usage = replace(usage, final_stage_tools=late, final_stage_installs=installs)
        given = replace(given, usage=usage, packages=package_verdicts(usage))
        roles = assign_roles(given)
    return given.packages, roles, late


def _with_kept_commands(needs: RuntimeNeeds, commands: Sequence[str]) -> RuntimeNeeds:
    """Adds the programs of the setting `keep-commands` to the runtime needs."""
    use = Use(name="keep-commands", file="slimify.toml", line=0)
    return needs.and_those(RuntimeNeeds(commands=dict.fromkeys(commands, use)))


def _only_readers(visits: Sequence[Visit]) -> dict[str, Use]:
    """The only programs that read files which COPY names, unless the build starts them: people do."""
    steps = "\n".join(v.instruction.value for v in visits if v.instruction.keyword == "RUN")
    named = (
        (program, Use(name=word, file="Dockerfile", line=v.instruction.line))
        for v in visits
        if v.instruction.keyword == "COPY" and v.instruction.flag("from") is None
        for word in v.instruction.value.split()[:-1]
        if (program := only_reader(word))
    )
    return {program: use for program, use in named if re.search(rf"\b{program}\b", steps) is None}


def context_path(context: Context, name: str) -> str:
    """The path of the Dockerfile relative to the context, as other files refer to it. Standard input is taken
    for the main one."""
    if name == "-":
        return "Dockerfile"
    if context.root is None or context.has(name):
        return name
    path = os.path.relpath(disk.real(name), context.root)
    return os.path.basename(name) if path.startswith("..") else path.replace(os.sep, "/")


def _step(visit: Visit, roles: Roles, packages: Mapping[AtomKey, Sequence[object]]) -> Step:
    atoms = tuple(
        AtomStep(
            index=number,
            effects=effects,
            role=roles.steps[(visit.index, number)],
            reasons=(roles.reasons[(visit.index, number)],),
            packages=tuple(packages.get((visit.index, number), ())),  # type: ignore[arg-type]
        )
        for number, effects in enumerate(visit.effects)
    )
    key, keyword = (visit.index, 0), visit.instruction.keyword
    if keyword == "RUN":
        return Step(visit=visit, role=_role_of_all(atoms), atoms=atoms)
    if keyword in ("COPY", "ADD"):
        role, reason = roles.steps[key], roles.reasons[key]
    elif keyword in CONFIG_ONLY:
        role, reason = "run", Reason.of("SL200", "configuration")
    else:
        role, reason = "both", Reason.of("SL223", "state")
    return Step(visit=visit, role=role, reasons=(reason,))


def _role_of_all(atoms: Sequence[AtomStep]) -> Role:
    """The role that all commands of a RUN have which leave something; else both."""
    roles = {a.role for a in atoms if not a.kinds <= NOT_FOR_RUN_TIME} or {a.role for a in atoms}
    if not roles or "unknown" in roles:
        return "unknown"
    return roles.pop() if len(roles) == 1 else "both"


def _kept_instructions(file: Dockerfile) -> frozenset[int]:
    """Indexes of the instructions below a `# slimify: keep` comment."""
    kept: set[int] = set()
    pending, index = False, -1
    for node in file.nodes:
        if node.kind == "instruction":
            index += 1
            if pending:
                kept.add(index)
            pending = False
        elif node.kind == "comment" and _KEEP_COMMENT.search(node.raw):
            pending = True
    return frozenset(kept)
