"""What a Node project says about itself: see `Project` in languages/parts.py."""

from __future__ import annotations

from slimify.context.compose.image_names import repository
from slimify.context.scan import Context
from slimify.context.values import json_of, table, text_of


def project_name(context: Context) -> str:
    named = text_of(table(json_of(context.text("package.json"))).get("name"))
    return repository(named) if named else ""


def project_programs(context: Context) -> tuple[str, ...]:
    from slimify.languages.node.manifests.package_json import node_project

    project = node_project(context)
    return tuple(project.bin) if project is not None else ()
