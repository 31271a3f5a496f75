"""The stages behind the deployed one say what they did, with all that they are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.syntax.dockerfile.instructions import from_parts, meaning, split_stages


def later_stage_problems(old: Dockerfile, new: Dockerfile, stage: str) -> Iterator[Reason]:
    """Stages behind `stage` that the new file lacks, or that are made of something else."""
    before, after = _made_of(old, stage), _made_of(new, stage)
    if len(before) != len(after):
        yield Reason.of("SL409", "stage_count", count=len(split_stages(new)))
    for (name, one), (other, two) in zip(before, after, strict=False):
        if (name, one) != (other, two):
            yield Reason.of("SL409", "stage_changes", stage=name or "last")


def _made_of(file: Dockerfile, stage: str) -> list[tuple[str, str]]:
    """The names of the stages behind `stage`, each with a digest of what it says and of what those say that
    it starts or copies from."""
    found: list[tuple[str, str]] = []
    for head, *steps in split_stages(file):
        start = from_parts(head)
        said = [f"{start.platform} {_digest_of(found, start.image)}", *(_said(found, x) for x in steps)]
        found.append((start.alias or "", hashlib.sha256(repr(said).encode()).hexdigest()))
    names = [name for name, _ in found]
    return found[names.index(stage) + 1 :] if stage in names else []


def _digest_of(found: list[tuple[str, str]], reference: str) -> str:
    """That of the stage that a reference names; an image stays what it is."""
    known = {str(number): digest for number, (_, digest) in enumerate(found)}
    known |= {name: digest for name, digest in found if name}
    return known.get(reference.lower(), reference)


def _said(found: list[tuple[str, str]], instruction: Instruction) -> str:
    keyword, flags, value, bodies = meaning(instruction)
    told = [
        (name, _digest_of(found, text or "") if name == "from" else _mount(found, text))
        for name, text in flags
    ]
    return repr((keyword, told, value, bodies))


def _mount(found: list[tuple[str, str]], text: str | None) -> list[str]:
    parts = (part.partition("=") for part in (text or "").split(","))
    return [f"{name}={_digest_of(found, value) if name == 'from' else value}" for name, _, value in parts]
