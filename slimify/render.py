"""Plan -> text, through templates/. Templates only lay out; every choice is in the plan already."""

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
    """The text of the new file, with the line ends of the old one.

    A template of the directory `templates` comes before ours of the same name. Raises SlimifyError where
    one of the user's can't be filled in.
    """
    names = (f"{plan.language}/stages.Dockerfile.j2", "stages.Dockerfile.j2")
    text = _filled(names, templates, stages=plan.stages, newline=file.newline, annotate=annotate)
    if not file.text.endswith("\n"):
        return text.removesuffix(file.newline)
    return text if text.endswith("\n") else text + file.newline  # Jinja2 drops a template's last one


def page(template: str, templates: str = "", **values: object) -> str:
    """A page; `template` is a path below templates/, or below the user's directory `templates`.

    Raises SlimifyError where one of the user's can't be filled in.
    """
    return _filled((template,), templates, **values)


def parts(template: str, **values: object) -> Iterator[str]:
    """A page of ours, part by part: values that are iterators are read on the way."""
    return _environment().get_template(template).generate(**values)


def _filled(names: tuple[str, ...], templates: str, **values: object) -> str:
    """The first of the templates that there is, filled in."""
    from jinja2 import TemplateError

    try:
        return _environment(templates).select_template(names).render(**values)
    except (TemplateError, TypeError, ValueError) as error:
        if not templates:
            raise
        raise SlimifyError("SL904", f"{templates}: {names[0]}: {error}") from error


def template_dir() -> Path:
    """The templates: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def _environment(templates: str = "") -> Environment:
    """Templates of a project are filled in, but can't reach Python: nothing of a project is executed."""
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
