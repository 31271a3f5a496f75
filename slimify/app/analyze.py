"""Images named on the command line → analyses, and how the last one meets the limits for CI."""

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
_LEVEL: Final = 1  # of gzip, with which layers are measured: what registries send is a little smaller


class AnalyzeOptions(Struct, frozen=True, kw_only=True):
    """How to look at images. `dockerfiles`: of the first image, and of the second; `limits`: those by which
    the last one is judged."""

    dockerfiles: tuple[Path, ...] = ()
    context: Path | None = None
    replicas: int = 0
    nodes: int = 0
    engine: EngineName | None = None
    platform: str = ""
    limits: Limits = NO_LIMITS
    ci: bool | None = None  # by the rules of dive; None: as the environment says
    ci_config: Path | None = None


class Analyses(Struct, frozen=True, kw_only=True):
    """The images that could be read, the rules that the last one was judged by, and what went wrong."""

    analyses: tuple[Analysis, ...]
    rules: tuple[Rule, ...] = ()
    failure: Outcome | None = None


def analyze_images(names: Sequence[str], asked: AnalyzeOptions) -> Analyses:
    """The images, read one after the other and looked at, and how the last one stands to the limits.

    What goes wrong is the failure: what `place` and `dive_values` raise, ImageError for what can't be
    read, SL750 for an image that no engine has, SL905 for an engine that fails, SL999 for what nobody
    foresaw.
    """
    found: list[Analysis] = []
    name = str(asked.ci_config or DIVE_FILE)
    try:
        values = _dive_values(asked)
        for number, name in enumerate(names):
            dockerfile = asked.dockerfiles[number] if number < len(asked.dockerfiles) else None
            found.append(_analysed(name, dockerfile, asked))
        return Analyses(analyses=tuple(found), rules=_judged(found[-1], asked.limits, values))
    except Exception as error:
        failure = failed(name, error)
    return Analyses(analyses=tuple(found), failure=failure)


def read_image(name: str) -> Image | Outcome:
    """An image, with what a rewrite of its Dockerfile asks of it; the failure, as for `analyze_images`."""
    from slimify.analysis.evidence.image_evidence import is_evidence

    try:
        return images.read(images.place(name), is_evidence, digests=False)
    except Exception as error:
        return failed(name, error)


def _dive_values(asked: AnalyzeOptions) -> Mapping[str, str] | None:
    """The rules of `--ci-config`, else those of `.dive-ci` in the current directory, in CI alone; where
    neither they nor limits are there, dive's own. None: none."""
    # dive's words for yes, which are not all that programs know
    in_ci = os.environ.get("CI", "") in ("true", "1", "yes") if asked.ci is None else asked.ci
    path = asked.ci_config or Path(DIVE_FILE)
    if asked.ci_config is None and not in_ci:
        return None
    if asked.ci_config is not None or path.is_file():
        text = locate.read(Target(name=str(path), path=path)).decode("utf-8", "replace")
        return rules.parse_dive_rules(text, str(path))
    return None if asked.limits.any else rules.DIVE_DEFAULTS


def _judged(analysis: Analysis, limits: Limits, values: Mapping[str, str] | None) -> tuple[Rule, ...]:
    of_dive = () if values is None else rules.check_dive_rules(analysis, values)
    return (*of_dive, *rules.check_limits(analysis, limits))


def _analysed(text: str, dockerfile: Path | None, asked: AnalyzeOptions) -> Analysis:
    from slimify.analyze.analyze_image import analyze_image, needs_content

    target = Target(name=str(dockerfile), path=dockerfile) if dockerfile is not None else None
    data = locate.read(target) if target is not None else None
    context = asked.context
    if context is None and target is not None and data is not None:
        context, _ = locate.build_context(target, data)
    compress = _LEVEL if asked.replicas or asked.nodes else 0
    image = images.read(
        images.place(text, asked.engine), needs_content, compress=compress, platform=asked.platform
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
