"""Elements: styles of COPY."""

from __future__ import annotations

from random import Random

from tools.generator.project import Project, element

for _style, _weight in (
    ("whole", 5),
    ("named", 3),
    ("glob", 2),
    ("chown", 2),
    ("add", 1),
    ("json", 1),
    ("absolute", 1),
    ("named-chown", 1),
    ("chmod", 1),
):

    def _set_style(p: Project, random: Random, style: str = _style) -> None:
        p.facts["copy"] = style

    element(f"copy-{_style}", "copy", weight=_weight)(_set_style)
