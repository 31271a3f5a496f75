"""The pipeline of `merge`: reads two Dockerfiles and their build script, plans, renders and validates."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify import config
from slimify.analysis.roles.executed_roles import verdicts
from slimify.app import locate
from slimify.app.dockerfiles import Source
from slimify.config import Options
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Failed, Outcome, Refused, Rewritten, Unchanged
from slimify.model.plan import Plan
from slimify.pipeline import safe_decisions

if TYPE_CHECKING:
    from slimify.analysis.program import Program
    from slimify.analysis.repository.build_script import BuildScript
    from slimify.planning.merge.plan import Pair


def read(
    builder: Source,
    runtime: Source,
    *,
    context: Path | None,
    options: Options,
    given: Sequence[tuple[str, str]] = (),
) -> Pair | Outcome:
    """Both files, classified, with the build script between them; the outcome if one is malformed or already
    has several stages. `given` are paths of the build image and their names in the build context. Raises
    nothing for malformed input: that is a failed outcome."""
    from slimify.syntax.dockerfile.instructions import is_multi_stage
    from slimify.syntax.dockerfile.parser import parse

    before = runtime.data.decode("utf-8", "surrogateescape")
    files: list[Dockerfile] = []
    for file in (builder, runtime):
        try:
            files.append(parse(file.data, file.name))
        except SlimifyError as error:
            if error.code == "SL401":
                reason = Reason.of(
                    "SL401", "template", file=file.name, at=error.line or 0, message=error.message
                )
                return Refused(file=runtime.name, before=before, decisions=safe_decisions((reason,)))
            return Failed(file=file.name, before=before, error=error)
    if is_multi_stage(files[1]):
        several = Reason.of("SL404", "several")
        return Unchanged(file=runtime.name, before=before, decisions=safe_decisions((several,)))
    return _pair((builder, files[0]), (runtime, files[1]), context, options, given)


def outcome(pair: Pair, options: Options) -> Outcome:
    """The multi-stage file of both, or the reasons against it."""
    from slimify.planning.merge.plan import extracted_paths, merged_plan
    from slimify.render import render
    from slimify.syntax.dockerfile.parser import encode, parse
    from slimify.validation.merged import problems

    refused = Refused(
        file=pair.runtime.name,
        language=pair.builder.language,
        instructions=verdicts(pair.runtime),
        before=pair.runtime.dockerfile.text,
        warnings=tuple(dict.fromkeys((*pair.builder.context.notes, *pair.runtime.context.notes))),
    )
    plan = merged_plan(pair)
    if not isinstance(plan, Plan):
        return replace(refused, decisions=safe_decisions(plan))
    if options.annotate:
        from slimify.planning.options.annotate import annotated

        plan = annotated(pair.runtime, plan, pair.builder.dockerfile)
    text = render(plan, pair.runtime.dockerfile, templates=options.templates)
    found = problems(pair.builder, pair.runtime, plan, text, extracted_paths(pair))
    if found:
        return replace(refused, decisions=safe_decisions(found))
    return refused.become(
        Rewritten,
        instructions=verdicts(pair.runtime, plan, pair.runtime.executed(parse(encode(text)))),
        rung=plan.rung,
        decisions=plan.decisions,
        stages=plan.stages,
        after=text,
    )


def _pair(
    builder: tuple[Source, Dockerfile],
    runtime: tuple[Source, Dockerfile],
    context: Path | None,
    options: Options,
    given: Sequence[tuple[str, str]],
) -> Pair:
    """Both files, with the build contexts that the build script uses."""
    from slimify.planning.merge.plan import Pair

    one, other = (_context(file, context) for file, _ in (builder, runtime))
    root = _root(builder[0], runtime[0], other)
    labelled = _classify(builder, one, options)
    build_script = _find_build_script(root, builder[0], runtime[0], labelled, given, other)
    if build_script is not None and context is None:
        if (root / build_script.builder.context).resolve() != one.resolve():
            one = root / build_script.builder.context
            labelled = _classify(builder, one, options)
        if build_script.runtime is not None:
            other = root / build_script.runtime.context
    return Pair(
        builder=labelled,
        runtime=_classify(runtime, other, options),
        build_script=build_script,
        place=os.path.relpath(other.resolve(), root).replace(os.sep, "/"),
    )


def _context(file: Source, context: Path | None) -> Path:
    return context or locate.build_context(file.target, file.data)[0] or Path()


def _root(builder: Source, runtime: Source, context: Path) -> Path:
    """The directory to search for build scripts: the repository, or the common directory of both files."""
    folders = [f.target.directory.resolve() for f in (builder, runtime) if f.target.path is not None]
    common = Path(os.path.commonpath([*folders, context.resolve()]))
    return config.repository_root(common) or common


def _classify(file: tuple[Source, Dockerfile], context: Path, options: Options) -> Program:
    from slimify.analysis.classify import classify
    from slimify.context.scan import scan

    return classify(file[1], scan(context, file[0].target.path), file[0].name, options, None)


def _find_build_script(
    root: Path,
    builder: Source,
    runtime: Source,
    labelled: Program,
    given: Sequence[tuple[str, str]],
    context: Path,
) -> BuildScript | None:
    from slimify.analysis.repository.build_script import build_script, with_extracts

    def below(file: Source) -> str:
        path = (
            file.target.path.resolve() if file.target.path is not None else context.resolve() / "Dockerfile"
        )
        return os.path.relpath(path, root).replace(os.sep, "/")

    contract = labelled.runtime
    found = build_script(root, below(builder), below(runtime), contract.entrypoint or (), contract.cmd or ())
    return with_extracts(found, given, os.path.relpath(context.resolve(), root)) if given else found
