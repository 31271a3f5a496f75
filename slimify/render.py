"""Renders a plan with the Jinja2 templates in templates/. Templates only do layout; every choice is in the
plan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from slimify.model.dockerfile import Dockerfile
from slimify.model.errors import SlimifyError
from slimify.model.plan import Plan

if TYPE_CHECKING:
    from jinja2 import Environment


def render(plan: Plan, file: Dockerfile, *, annotate: bool = False, templates: str = "") -> str:
    """The text of the new file, with the line endings of the old one.

    Templates in the directory `templates` take precedence over the built-in ones of the same name. Raises
    SlimifyError if a template of the user cannot be rendered.
    """
    names = (f"{plan.language}/stages.Dockerfile.j2", "stages.Dockerfile.j2")
    text = _render(names, templates, stages=plan.stages, newline=file.newline, annotate=annotate)
    if not file.text.endswith("\n"):
        return text.removesuffix(file.newline)
    return text if text.endswith("\n") else text + file.newline  # Jinja2 drops the last newline of a template


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
    """Renders the first template that exists."""
    from jinja2 import TemplateError

    try:
        return _environment(templates).select_template(names).render(**values)
    except (TemplateError, TypeError, ValueError) as error:
        if not templates:
            raise
        raise SlimifyError("SL904", f"{templates}: {names[0]}: {error}") from error


def template_dir() -> Path:
    """The directory of the built-in templates: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def _environment(templates: str = "") -> Environment:
    """The Jinja2 environment. Templates of a project run in a sandbox, so they cannot execute Python."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    kind = Environment
    if templates:
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        kind = ImmutableSandboxedEnvironment
    return kind(
        loader=FileSystemLoader([*([templates] if templates else []), template_dir()]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        newline_sequence="\n",
        autoescape=False,
    )
