"""What a Python project says about itself: see `Project` in languages/parts.py."""

from __future__ import annotations

from slimify.context.compose.image_names import repository
from slimify.context.scan import Context
from slimify.context.values import table, text_of, toml_of


def project_name(context: Context) -> str:
    data = toml_of(context.text("pyproject.toml"))
    named = text_of(table(data, "project").get("name")) or text_of(table(data, "tool", "poetry").get("name"))
    return repository(named) if named else ""


def project_programs(context: Context) -> tuple[str, ...]:
    from slimify.languages.python.manifests.project import python_project

    return tuple(python_project(context, "").scripts)
