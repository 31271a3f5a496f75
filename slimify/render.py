"""Plan -> text, through templates/. Templates only lay out; every choice is in the plan already."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from slimify.model import Dockerfile, Plan

if TYPE_CHECKING:
    from jinja2 import Environment


def render(plan: Plan, file: Dockerfile, *, annotate: bool = False) -> str:
    """The text of the new file, with the line ends of the old one."""
    template = _environment().get_template(f"{plan.language}/stages.Dockerfile.j2")
    text = template.render(stages=plan.stages, newline=file.newline, annotate=annotate)
    if not file.text.endswith("\n"):
        text = text.removesuffix(file.newline)
    return text


def page(template: str, **values: object) -> str:
    """A page of a report; `template` is a path below templates/."""
    return _environment().get_template(template).render(**values)


def template_dir() -> Path:
    """The templates: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(template_dir()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        newline_sequence="\n",
        autoescape=False,
    )
