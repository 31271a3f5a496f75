"""Renders a plan, and pages with the Jinja2 templates in templates/. Both only lay out; every choice is in
the plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from slimify.config.read_file import read_file
from slimify.model.dockerfile import Dockerfile
from slimify.model.errors import SlimifyError
from slimify.model.plan import Plan, Stage

_MAX_BYTES = 1_000_000  # of a user's template
_MOST_TEMPLATES = 100

if TYPE_CHECKING:
    from jinja2 import Environment


def render(plan: Plan, file: Dockerfile, *, templates: str = "") -> str:
    """The text of the new file, with the line endings of the old one.

    Templates in the directory `templates` take precedence over the built-in ones of the same name. Raises
    SlimifyError if a template of the user cannot be rendered.
    """
    if templates:
        names = (f"{plan.language}/stages.Dockerfile.j2", "stages.Dockerfile.j2")
        text = _render(names, templates, stages=plan.stages, newline=file.newline)
    else:  # without Jinja2, whose import takes as long as a third of the planning
        text = _layout(plan.stages, file.newline)
    if not file.text.endswith("\n"):
        return text.removesuffix(file.newline)
    return text if text.endswith("\n") else text + file.newline  # Jinja2 drops the last newline of a template


def _layout(stages: Iterable[Stage], newline: str) -> str:
    """A blank line between stages, groups spaced as in the original; also a function for templates."""
    return newline.join(
        "".join(
            f"{item.gap or newline if item.spaced and place else ''}{item.text}"
            for place, item in enumerate(stage.items)
        )
        for stage in stages
    )


def render_page(template: str, templates: str = "", **values: object) -> str:
    """Renders a page. `template` is a path below the directory `templates` of the user, or below the built-in
    templates/.

    Raises SlimifyError if a template of the user cannot be rendered.
    """
    return _render((template,), templates, **values)


def stream_page(template: str, **values: object) -> Iterator[str]:
    """Renders a built-in template in chunks. Iterators among the values are consumed as the output is
    read."""
    return _environment().get_template(template).generate(**values)


def _render(names: tuple[str, ...], templates: str, **values: object) -> str:
    """Renders the first template that exists. Those of a user in limits, see `render.limits`."""
    if not templates:
        return _environment().select_template(names).render(**values)
    from slimify.render.limits import limited

    try:
        return limited(lambda: _environment(templates).select_template(names).render(**values))
    except ValueError as error:
        raise SlimifyError("SL904", f"{templates}: {names[0]}: {error}") from error


@cache
def own_comments(templates: str) -> frozenset[str]:
    """The comments that are written in full in the user's templates."""
    if not templates:
        return frozenset()
    directory = Path(templates)
    found: set[str] = set()
    for path in islice(sorted(directory.rglob("*.j2")), _MOST_TEMPLATES):
        with suppress(ValueError, OSError):  # it is not used either
            text = _own_template(directory, path.relative_to(directory).as_posix()) or ""
            found.update(line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))
    return frozenset(found)


def template_dir() -> Path:
    """The directory of the built-in templates: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def _environment(templates: str = "") -> Environment:
    """The Jinja2 environment. Templates of a user run in a sandbox, so they cannot execute Python."""
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, FunctionLoader, StrictUndefined

    kind, loader = Environment, FileSystemLoader(template_dir())
    if templates:
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        kind = ImmutableSandboxedEnvironment
    own = [FunctionLoader(partial(_own_template, Path(templates)))] if templates else []
    environment = kind(
        loader=ChoiceLoader([*own, loader]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        newline_sequence="\n",
        autoescape=False,
    )
    environment.globals["layout"] = _layout
    return environment


def _own_template(directory: Path, name: str) -> str | None:
    """The text of a template in a user's directory, or None. Links are not followed, because they may lead
    anywhere. Raises ValueError for a link and for a template that is too large."""
    path = directory / name
    if not path.is_file():
        return None
    if path.resolve() != directory.resolve() / name:
        raise ValueError(f"{name} is a symlink, or outside the directory")
    try:
        return read_file(path, _MAX_BYTES).decode("utf-8")
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}") from error
