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
            found.append(Reason(code="SL408", text=f"line {node.line} asks slimify to leave the file alone"))
    for instruction in file.instructions:
        if instruction.keyword in _BUILDER_READS and _PLACEHOLDER.search(_decisive(instruction)):
            text = f"line {instruction.line} has a template placeholder: the file is not a Dockerfile yet"
            found.append(Reason(code="SL401", text=text))
        elif instruction.keyword == "ONBUILD":
            text = f"line {instruction.line}: ONBUILD makes this a base for other files, which would lose it"
            found.append(Reason(code="SL402", text=text))
        elif instruction.keyword == "SHELL" and _WINDOWS.search(instruction.value):
            found.append(
                Reason(code="SL403", text=f"line {instruction.line}: Windows images are not handled")
            )
    if _WINDOWS.search(reference):
        found.append(Reason(code="SL403", text="Windows images are not handled"))
    elif file.escape == "`":
        found.append(Reason(code="SL403", text="the backtick as escape character is used for Windows images"))
    if ":onbuild" in reference or "-onbuild" in reference:
        text = f"{reference} brings ONBUILD steps that slimify cannot see"
        found.append(Reason(code="SL402", text=text))
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
