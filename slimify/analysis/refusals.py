"""Reasons not to rewrite a file at all."""

from __future__ import annotations

import re

from slimify.facts.images import ImageFacts
from slimify.facts.shells import is_builtin
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.regex import regex
from slimify.model.sources import Use
from slimify.syntax.dockerfile.checks import starts_with_json
from slimify.syntax.dockerfile.instructions import split_healthcheck
from slimify.syntax.shell.script import read_run

_PLACEHOLDER = regex(r"\{\{.{0,200}?\}\}|%%[A-Za-z_]+%%|<%.{0,200}?%>|\$\{\{|@@[A-Za-z_]+@@")
# Placeholders for values, as opposed to control structures that add or remove lines.
_VALUE_PLACEHOLDER = regex(r"%%[A-Za-z_]+%%|@@[A-Za-z_]+@@|\{\{\s*\.?[A-Za-z_][\w.]*\s*\}\}")
_TEMPLATE_CONTROL = regex(r"\{\{\s*\.?(?:if|else|end|endif|for|endfor|range|with|block|define)\b")
_WINDOWS = regex(r"nanoserver|servercore|windows|powershell", re.IGNORECASE)
_IGNORE = regex(r"#\s*slimify:\s*ignore\s*$", re.IGNORECASE)


def refusals(file: Dockerfile, base: ImageFacts | None, reference: str) -> tuple[Reason, ...]:
    """Why the file is not rewritten; empty if it may be."""
    found: list[Reason] = []
    for node in file.nodes:
        if node.kind == "comment" and _IGNORE.search(node.raw):
            found.append(Reason.of("SL408", "comment", at=node.line))
    for instruction in file.instructions:
        if instruction.keyword in _CHECKED_KEYWORDS and _PLACEHOLDER.search(_deciding_text(instruction)):
            found.append(Reason.of("SL401", "placeholder", at=instruction.line))
        elif _has_text_after_array(instruction):
            found.append(Reason.of("SL412", "array", at=instruction.line, keyword=instruction.keyword))
        elif instruction.keyword == "SHELL" and _WINDOWS.search(instruction.value):
            found.append(Reason.of("SL403", "windows_shell", at=instruction.line))
    if not any(reason.code == "SL403" for reason in found):  # a second reason would say the same
        if _WINDOWS.search(reference):
            found.append(Reason.of("SL403", "windows"))
        elif file.escape == "`":
            found.append(Reason.of("SL403", "backtick"))
    if ":onbuild" in reference or "-onbuild" in reference:
        found.append(Reason.of("SL402", "inherited", base=reference))
    return tuple(dict.fromkeys(found))


def _has_text_after_array(instruction: Instruction) -> bool:
    """Not in RUN, where `[ "a" ] && b` is a test of the shell."""
    text = instruction.value
    if instruction.keyword == "HEALTHCHECK":
        text = split_healthcheck(text)[1]
    elif instruction.keyword not in ("CMD", "ENTRYPOINT"):
        return False
    return instruction.exec_form is None and text.startswith("[") and starts_with_json(text)


def triggers(file: Dockerfile, name: str) -> tuple[Use, ...]:
    """The ONBUILDs whose trigger may use anything of this image in one that slimify can't see. Settings, and
    commands that are the shell's own, don't."""
    found = ((x, x.trigger) for x in file.instructions if x.trigger is not None)
    return tuple(Use(name="ONBUILD", file=name, line=x.line) for x, trigger in found if _needs_more(trigger))


def _needs_more(trigger: Instruction) -> bool:
    if trigger.keyword != "RUN":
        return trigger.keyword not in _SETTINGS
    script = read_run(trigger)
    return bool(script.opaque) or not all(
        c.words and is_builtin(c.words[0].value or "") for c in script.commands
    )


def _deciding_text(instruction: Instruction) -> str:
    """The text that affects the build. A LABEL is copied verbatim, so placeholders in its value do no
    harm."""
    if instruction.keyword != "LABEL" or _TEMPLATE_CONTROL.search(instruction.value):
        return instruction.value
    return _VALUE_PLACEHOLDER.sub("", instruction.value)


_SETTINGS = frozenset({"ARG", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "WORKDIR"})
# Not RUN: braces there may be the template syntax of a program (docker inspect -f '{{ … }}').
_CHECKED_KEYWORDS = frozenset(
    {"FROM", "COPY", "ADD", "ENV", "ARG", "WORKDIR", "USER", "LABEL", "EXPOSE", "VOLUME"}
)
