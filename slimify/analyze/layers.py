"""Finds the instruction, the line in the Dockerfile, and the base image of each layer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct, field

from slimify.analyze.secret_values import mask_secrets
from slimify.facts import merged
from slimify.facts.shells import shell_pattern
from slimify.image.model import Image, Step
from slimify.model.regex import regex
from slimify.syntax.dockerfile.history import NOP, keyword_of, match_history
from slimify.syntax.dockerfile.parser import parse

_BUILDKIT = regex(r"\s*# buildkit(?:\.exporter\.image\.v0)?\s*$")
_HASHED = regex(r"\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}")


@cache
def _shell_prefix() -> re.Pattern[str]:
    """The prefix that builders add to a command: the number and values of build arguments, and the shell."""
    return re.compile(
        rf"^(?:RUN )?(?:\|\d+ .*? )?(?:/usr)?/bin/{shell_pattern()} (?:-[a-z]+ (?:pipefail )?)*-[a-z]*c ",
        re.DOTALL,
    )


class Origin(Struct, frozen=True, kw_only=True):
    """The origin of the layers of an image, by index, from its history and its Dockerfile.

    `first_own` is the first layer above the base image; `lines` are lines of the Dockerfile.
    """

    instructions: tuple[str, ...]
    first_own: int = 0
    lines: Mapping[int, int] = field(default_factory=dict)
    steps: tuple[tuple[Step, int], ...] = ()  # history entries with their lines
    warnings: tuple[str, ...] = ()

    def line_of(self, step: Step) -> int | None:
        """The line of the instruction of a history entry."""
        return next((line for known, line in self.steps if known is step), None)


def origin(image: Image, dockerfile: bytes | None = None, name: str = "Dockerfile") -> Origin:
    """The origin of each layer.

    Without a matching Dockerfile, the base image is recognized by the marks that official images leave in
    the history; without marks, all layers count as the image's own. Raises SlimifyError for a Dockerfile
    that BuildKit would reject.
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
            f"{name or 'The Dockerfile'} does not match the image: its instructions differ from the image's "
            "history. Layers are shown without line numbers."
        )
    first_own = _first_own_from_history(image)
    if first_own:
        warnings.append(
            f"The base image was derived from the image's history: layers 1 to {first_own}. "
            "Pass --dockerfile to be certain."
        )
    elif image.layers:
        warnings.append("The base image could not be determined: all layers count as the image's own.")
    return Origin(instructions=instructions, first_own=first_own, warnings=tuple(warnings))


def readable_instruction(created_by: str, *, plain: bool = False) -> str:
    """The instruction of a history entry as it is written in a Dockerfile, on one line.

    Secrets are masked unless `plain` is set; the plain text must not be printed.
    """
    text = _BUILDKIT.sub("", created_by.strip())
    if nop := NOP.match(text):
        text = text[nop.end() :]
    elif text and keyword_of(text) == "RUN":
        shell = _shell_prefix().match(text)
        command = text[shell.end() :] if shell else text.removeprefix("RUN ")
        text = command if command.startswith("#") else f"RUN {command}"
    text = _HASHED.sub(r"\1:\2", text)
    text = " ".join(text.split())
    return text if plain else mask_secrets(text)


def _instructions(image: Image) -> tuple[str, ...]:
    return tuple(readable_instruction(layer.created_by) for layer in image.layers)


def _first_own_from_history(image: Image) -> int:
    """The first layer after the last step that ends a known base image; 0 if there is none."""
    texts = [readable_instruction(step.created_by) for step in image.history]
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
