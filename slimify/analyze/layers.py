"""The layers of an image, each with the instruction that made it and, given the Dockerfile, its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct, field

from slimify.analyze.masks import masked
from slimify.facts import merged
from slimify.facts.shells import shell_pattern
from slimify.image.model import Image, Step
from slimify.syntax.dockerfile.history import NOP, keyword_of, match_history
from slimify.syntax.dockerfile.parser import parse

_BUILDKIT = re.compile(r"\s*# buildkit(?:\.exporter\.image\.v0)?\s*$")
_HASHED = re.compile(r"\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}")


@cache
def _shell() -> re.Pattern[str]:
    """What builders put in front of a command: build arguments by their number, then the shell."""
    return re.compile(
        rf"^(?:RUN )?(?:\|\d+ .*? )?(?:/usr)?/bin/{shell_pattern()} (?:-[a-z]+ (?:pipefail )?)*-[a-z]*c ",
        re.DOTALL,
    )


class Origin(Struct, frozen=True, kw_only=True):
    """Where the layers of an image come from, by their index: what its history and its Dockerfile say.

    `first_own` is the first layer above the base image; `lines` are those of the Dockerfile.
    """

    instructions: tuple[str, ...]
    first_own: int = 0
    lines: Mapping[int, int] = field(default_factory=dict)
    steps: tuple[tuple[Step, int], ...] = ()  # entries of the history with their lines
    warnings: tuple[str, ...] = ()

    def line_of(self, step: Step) -> int | None:
        """The line of the instruction that an entry of the history stands for."""
        return next((line for known, line in self.steps if known is step), None)


def origin(image: Image, dockerfile: bytes | None = None, name: str = "Dockerfile") -> Origin:
    """Each layer's instruction, its line and whether it belongs to the base image.

    Without a Dockerfile, or with one that does not fit, the base image is told from the marks that
    official images leave in the history; where there are none, everything counts as the image's own.
    Raises SlimifyError for a Dockerfile that BuildKit would reject.
    """
    instructions = _instructions(image)
    warnings: list[str] = []
    if dockerfile is not None:
        pairs = match_history(parse(dockerfile, name), image.history)
        if pairs is not None:
            made = {step.layer: item.line for item, step in pairs if step.layer is not None}
            return Origin(
                instructions=instructions,
                first_own=min(made, default=len(image.layers)),
                lines=made,
                steps=tuple((step, item.line) for item, step in pairs),
            )
        warnings.append(
            f"{name or 'The Dockerfile'} is not the one that this image was built from: its instructions "
            "do not fit the image's history. Layers are shown without lines."
        )
    first_own = _first_own_by_marks(image)
    if first_own:
        warnings.append(
            f"The base image is told by its history: layers 1 to {first_own}. "
            "With the Dockerfile (--dockerfile) it would be certain."
        )
    elif image.layers:
        warnings.append("What of the image is its base can't be told: everything counts as its own.")
    return Origin(instructions=instructions, first_own=first_own, warnings=tuple(warnings))


def cleaned(created_by: str, *, plain: bool = False) -> str:
    """An instruction as people write it, on one line, from its entry in the history.

    What looks like a secret in it is masked, unless it is asked for `plain`, which nothing may print.
    """
    text = _BUILDKIT.sub("", created_by.strip())
    if nop := NOP.match(text):
        text = text[nop.end() :]
    elif text and keyword_of(text) == "RUN":
        shell = _shell().match(text)
        command = text[shell.end() :] if shell else text.removeprefix("RUN ")
        text = command if command.startswith("#") else f"RUN {command}"
    text = _HASHED.sub(r"\1:\2", text)
    text = " ".join(text.split())
    return text if plain else masked(text)


def _instructions(image: Image) -> tuple[str, ...]:
    return tuple(cleaned(layer.created_by) for layer in image.layers)


def _first_own_by_marks(image: Image) -> int:
    """The first layer behind the last step that closes a known base image; 0 where there is none."""
    texts = [cleaned(step.created_by) for step in image.history]
    closed = -1
    for row in merged("waste.toml")["bases"]:
        closes, after = re.compile(row["closes"]), re.compile(row.get("after", ""))
        first = next((index for index, text in enumerate(texts) if after.search(text)), len(texts))
        last = (index for index in range(len(texts) - 1, first - 1, -1) if closes.search(texts[index]))
        closed = max(closed, next(last, -1))
    if closed < 0:
        return 0
    own = [step.layer for step in image.history[closed + 1 :] if step.layer is not None]
    return min(own, default=len(image.layers))
