"""Plans the change for a build: a new CI file, an edit of an existing one, or a step to add by hand."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from slimify.ci import build_steps, kaniko
from slimify.ci.build import Build
from slimify.model.decisions import Decision, Reason
from slimify.model.outcome import Outcome, Refused, Rewritten, Unchanged
from slimify.render import render_page

_BUILDS = ("docker build", "docker buildx build", "/kaniko/executor")


class Step(Struct, frozen=True, kw_only=True):
    """The outcome for the CI file, and the text to print: the new file or the step to add by hand."""

    outcome: Outcome
    shown: str


def planned(build: Build, files: Mapping[str, str], templates: str = "") -> Step:
    """The step for `build`. `files` maps the paths of existing CI files, relative to the repository root, to
    their texts; `templates` is a directory with the user's own templates."""
    if build.kind == "buildx":
        text = _page(build, "ci/buildx.j2", templates)
        return Step(outcome=Unchanged(file=build.dockerfile, decisions=_why(build)), shown=text)
    for name, text in files.items():
        found = _found(build, text)
        if found is not None:
            return _changed(build, name, text, found, templates)
    for name, text in files.items():
        line = build_steps.first_line_with(text, _BUILDS)
        if line or build.kind != "github":  # GitHub allows an additional workflow file
            why = Reason.of("SL382", "takes_place") if line else None
            return _by_hand(build, name, text, build_steps.BuildStep(line, None, why), templates)
    text = _page(build, f"ci/{build.kind}.j2", templates)
    outcome = Rewritten(file=build.file, before="", after=text, decisions=_why(build))
    return Step(outcome=outcome, shown=text)


def _found(build: Build, text: str) -> build_steps.BuildStep | None:
    if build.kind == "kaniko":
        found = build_steps.kaniko_step(text, build.dockerfile, build.context, build.flags)
        made = None
        if found is not None and found.text is None and not build.given_tag:
            made = kaniko.convert_to_kaniko(text, build.dockerfile, build.context, build.flags)
        return made or found
    if build.kind == "github":
        return build_steps.github_step(text, build.dockerfile, build.inputs)
    line = build_steps.first_line_with(text, ("--cache-to",))
    return build_steps.BuildStep(line, text) if line else None


def _changed(build: Build, name: str, text: str, found: build_steps.BuildStep, templates: str) -> Step:
    if found.text is None:
        return _by_hand(build, name, text, found, templates)
    if found.text == text:
        have = Decision.of("SL380", "kept_already", line=found.line)
        return Step(outcome=Unchanged(file=name, before=text, decisions=(have,)), shown="")
    why = _why(build, found.line)
    if found.why:
        why = (Decision.from_reason(found.why, "assumed", found.line), *why)
    outcome = Rewritten(file=name, before=text, after=found.text, decisions=why)
    return Step(outcome=outcome, shown="")


def _by_hand(build: Build, name: str, text: str, found: build_steps.BuildStep, templates: str) -> Step:
    """The step to add by hand, with its position in the file."""
    at, why = found.line, found.why
    if at:
        said = (
            Decision.of("SL382", "line_why", file=name, at=at, why=why)
            if why
            else Decision.of("SL382", "line", file=name, at=at)
        )
    else:
        said = (
            Decision.of("SL382", "step_why", file=name, why=why)
            if why
            else Decision.of("SL382", "step", file=name)
        )
    outcome = Refused(file=name, before=text, decisions=(said, *_why(build)))
    return Step(outcome=outcome, shown=_page(build, f"ci/{build.kind}.step.j2", templates))


def _why(build: Build, line: int | None = None) -> tuple[Decision, ...]:
    return tuple(Decision.from_reason(reason, "safe", line) for reason in build.reasons)


def _page(build: Build, template: str, templates: str) -> str:
    text = render_page(template, templates, build=build, flags=build.flags, inputs=build.inputs)
    return text.rstrip("\n") + "\n"
