"""Files that have to be left alone, each with a reason that its owner can check."""

from __future__ import annotations

import re

from slimify.facts.images import ImageFacts
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|%%[A-Za-z_]+%%|<%.*?%>|\$\{\{|@@[A-Za-z_]+@@")
# A value that is filled in, nothing that makes lines come and go.
_FILLED_IN = re.compile(r"%%[A-Za-z_]+%%|@@[A-Za-z_]+@@|\{\{\s*\.?[A-Za-z_][\w.]*\s*\}\}")
_CONTROL = re.compile(r"\{\{\s*\.?(?:if|else|end|endif|for|endfor|range|with|block|define)\b")
_WINDOWS = re.compile(r"nanoserver|servercore|windows|powershell", re.IGNORECASE)
_IGNORE = re.compile(r"#\s*slimify:\s*ignore\s*$", re.IGNORECASE)


def refusals(file: Dockerfile, base: ImageFacts | None, reference: str) -> tuple[Reason, ...]:
    """Why the file as a whole is not rewritten; empty when it may be."""
    found: list[Reason] = []
    for node in file.nodes:
        if node.kind == "comment" and _IGNORE.search(node.raw):
            found.append(Reason.of("SL408", "comment", at=node.line))
    for instruction in file.instructions:
        if instruction.keyword in _BUILDER_READS and _PLACEHOLDER.search(_decisive(instruction)):
            found.append(Reason.of("SL401", "placeholder", at=instruction.line))
        elif instruction.keyword == "ONBUILD":
            found.append(Reason.of("SL402", "onbuild", at=instruction.line))
        elif instruction.keyword == "SHELL" and _WINDOWS.search(instruction.value):
            found.append(Reason.of("SL403", "windows_shell", at=instruction.line))
    if _WINDOWS.search(reference):
        found.append(Reason.of("SL403", "windows"))
    elif file.escape == "`":
        found.append(Reason.of("SL403", "backtick"))
    if ":onbuild" in reference or "-onbuild" in reference:
        found.append(Reason.of("SL402", "inherited", base=reference))
    return tuple(dict.fromkeys(found))


def _decisive(instruction: Instruction) -> str:
    """The words that decide what is built: a label is carried over letter by letter, whatever is filled
    in there later."""
    if instruction.keyword != "LABEL" or _CONTROL.search(instruction.value):
        return instruction.value
    return _FILLED_IN.sub("", instruction.value)


# In RUN, braces may be a program's own template syntax (docker inspect -f '{{ … }}').
_BUILDER_READS = frozenset(
    {"FROM", "COPY", "ADD", "ENV", "ARG", "WORKDIR", "USER", "LABEL", "EXPOSE", "VOLUME"}
)
