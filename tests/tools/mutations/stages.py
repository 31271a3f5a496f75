"""The other stages of a file that has several: a build may ask for them, and they are not repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.syntax.dockerfile.instructions import from_parts, split_stages

from .kinds import Change, kind
from .subject import Stage, Subject


def _others(s: Subject) -> list[Stage]:
    """The stages of the new file that the user's file has, too."""
    count = len(split_stages(s.original)) - 1
    return split_stages(s.file)[:count]


@kind("other-stage-changed", "a build that asks for another stage gets another image")
def other_stage_changed(s: Subject) -> Iterator[Change]:
    for stage in _others(s):
        yield f"a step in {stage[0].value}", s.appended(stage, "ENV CHANGED=1")
        for instruction in stage[1:]:
            yield f"without {instruction.value[:40]}", s.without(instruction)
        if not from_parts(stage[0]).alias:
            continue
        renamed = re.sub(r"(?i)(\sas\s+)(\S+)", r"\1other-\2", stage[0].raw.rstrip())
        yield f"{stage[0].value} has another name", s.replaced(stage[0], renamed)


@kind("image-renamed", "a build that asks for the stage of the image finds none of this name")
def image_renamed(s: Subject) -> Iterator[Change]:
    alias = from_parts(split_stages(s.original)[-1][0]).alias
    stages = split_stages(s.file)
    named = next((x for x in stages if alias and from_parts(x[0]).alias == alias), None)
    if named is not None and alias not in {from_parts(x[0]).image for x in stages}:
        without = re.sub(r"(?i)\sas\s+\S+", "", named[0].raw.rstrip())
        yield "without its name", s.replaced(named[0], without)
        yield "another name", s.replaced(named[0], f"{without} AS other")


@kind("step-executed-twice", "a step changes again what a stage that is copied from has changed")
def step_executed_twice(s: Subject) -> Iterator[Change]:
    if not s.several:
        return
    copied = [x for x in s.final if x.keyword == "COPY" and x.flag("from")]
    for stage in s.builders:
        for run in s.runs(stage):
            appends = re.search(r">> *(/\S+)|sed -i\S* .*?(/\S+)\s*$|ln -s (?!-)\S+ (/\S+)", run.value)
            path = next(filter(None, appends.groups()), "") if appends else ""
            brings = [c for c in copied if path and path.startswith(s.target(c).rstrip("/") + "/")]
            if brings and run.raw.strip() not in {x.raw.strip() for x in s.final}:
                yield f"{run.value[:40]}", s.inserted(brings[-1], run.raw)
