"""Use case `analyze`: reads and analyses images, and checks the last one against limits for CI."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from slimify.analyze import rules
from slimify.analyze.rules import NO_LIMITS, Limits
from slimify.app import images, locate
from slimify.app.failures import failed
from slimify.app.locate import Target

if TYPE_CHECKING:
    from slimify.analyze.model import Analysis, Rule
    from slimify.engine.model import EngineName
    from slimify.image.model import Image
    from slimify.model.outcome import Outcome

DIVE_FILE: Final = ".dive-ci"
_GZIP_LEVEL: Final = 1  # to measure compressed layers; registries compress a little better


class AnalyzeOptions(Struct, frozen=True, kw_only=True):
    """How to analyse images. `dockerfiles` belong to the first and the second image; `limits` apply to the
    last one."""

    dockerfiles: tuple[Path, ...] = ()
    context: Path | None = None
    replicas: int = 0
    nodes: int = 0
    engine: EngineName | None = None
    platform: str = ""
    limits: Limits = NO_LIMITS
    ci: bool | None = None  # apply the rules of dive; None: if the environment has CI=true
    ci_config: Path | None = None


class Analyses(Struct, frozen=True, kw_only=True):
    """The analyses of images that could be read, the results of the rules for the last one, and the
    failure."""

    analyses: tuple[Analysis, ...]
    rules: tuple[Rule, ...] = ()
    failure: Outcome | None = None


def analyze_images(names: Sequence[str], asked: AnalyzeOptions) -> Analyses:
    """Analyses images one after the other, and checks the last one against the limits.

    Raises nothing. `failure` holds the error: SL901 for a missing file, SL750 if no engine has the image,
    SL754 for malformed rules, SL905 for a failing engine, SL999 for an internal error.
    """
    found: list[Analysis] = []
    name = str(asked.ci_config or DIVE_FILE)
    try:
        values = _dive_values(asked)
        for number, name in enumerate(names):
            dockerfile = asked.dockerfiles[number] if number < len(asked.dockerfiles) else None
            found.append(_analyze_one(name, dockerfile, asked))
        return Analyses(analyses=tuple(found), rules=_check_rules(found[-1], asked.limits, values))
    except Exception as error:
        failure = failed(name, error)
    return Analyses(analyses=tuple(found), failure=failure)


def read_image(name: str) -> Image | Outcome:
    """Reads an image as evidence for a rewrite of its Dockerfile; the failed outcome if that is
    impossible."""
    from slimify.analysis.evidence.image_evidence import is_evidence

    try:
        return images.read_located(images.locate_image(name), is_evidence)
    except Exception as error:
        return failed(name, error)


def _dive_values(asked: AnalyzeOptions) -> Mapping[str, str] | None:
    """The rules of `--ci-config`, else, in CI, those of `.dive-ci` in the current directory, else dive's
    defaults if no limits are given. None: no rules."""
    # the values that dive accepts
    in_ci = os.environ.get("CI", "") in ("true", "1", "yes") if asked.ci is None else asked.ci
    path = asked.ci_config or Path(DIVE_FILE)
    if asked.ci_config is None and not in_ci:
        return None
    if asked.ci_config is not None or path.is_file():
        text = locate.read(Target(name=str(path), path=path)).decode("utf-8", "replace")
        return rules.parse_dive_rules(text, str(path))
    return None if asked.limits.any else rules.DIVE_DEFAULTS


def _check_rules(analysis: Analysis, limits: Limits, values: Mapping[str, str] | None) -> tuple[Rule, ...]:
    of_dive = () if values is None else rules.check_dive_rules(analysis, values)
    return (*of_dive, *rules.check_limits(analysis, limits))


def _analyze_one(text: str, dockerfile: Path | None, asked: AnalyzeOptions) -> Analysis:
    from slimify.analyze.analyze_image import analyze_image, needs_content
    from slimify.analyze.waste.duplicates import MIN_SIZE

    target = Target(name=str(dockerfile), path=dockerfile) if dockerfile is not None else None
    data = locate.read(target) if target is not None else None
    context = asked.context
    if context is None and target is not None and data is not None:
        context, _ = locate.build_context(target, data)
    compress = _GZIP_LEVEL if asked.replicas or asked.nodes else 0
    image = images.read_located(
        images.locate_image(text, asked.engine),
        needs_content,
        equal=MIN_SIZE,
        compress=compress,
        platform=asked.platform,
    )
    name = text if text != "-" else (*image.names, "standard input")[0]
    return analyze_image(
        image,
        name=name,
        dockerfile=data,
        dockerfile_name=target.name if target is not None else "",
        context=context,
        replicas=asked.replicas,
        nodes=asked.nodes,
    )
