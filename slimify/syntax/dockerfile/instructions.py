"""What single instructions say: typed readers, each from one Instruction to one value.

Nothing is expanded here: words come as written, with quotes and variables, for words.expand.
`escape` is the escape character of the file. Readers raise SlimifyError SL001 or SL005 where
BuildKit refuses the instruction; parse has called them on every instruction of a file, so this
happens only to the trigger of an ONBUILD, which the builder does not look at either until it fires.
"""

from __future__ import annotations

import csv
import re

from msgspec import Struct

from slimify.model.dockerfile import Dockerfile, Flag, Instruction
from slimify.model.errors import SlimifyError
from slimify.syntax.dockerfile.heredoc import opening_of
from slimify.syntax.dockerfile.keywords import PLACEHOLDER
from slimify.syntax.dockerfile.syntax_error import fault
from slimify.syntax.dockerfile.words import SPACE, WordError, split_words

SEPARATOR = re.compile(r"[\t\v\f\r ]+")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*")


class FromParts(Struct, frozen=True, kw_only=True):
    """`FROM [--platform=P] image [AS alias]`; the alias in lower case, as the builder compares it."""

    image: str
    platform: str | None = None
    alias: str | None = None


class CopyParts(Struct, frozen=True, kw_only=True):
    """A COPY or ADD. `heredocs` are the names of sources that are heredocs; `sources` the others."""

    keyword: str
    sources: tuple[str, ...]
    dest: str
    from_stage: str | None = None
    chown: str | None = None
    chmod: str | None = None
    link: bool = False
    parents: bool = False
    exclude: tuple[str, ...] = ()
    heredocs: tuple[str, ...] = ()


class HealthcheckParts(Struct, frozen=True, kw_only=True):
    """`test` is None for NONE, a tuple for the exec form, else text for the shell."""

    test: tuple[str, ...] | str | None
    flags: tuple[Flag, ...] = ()


class Mount(Struct, frozen=True, kw_only=True):
    """One `--mount` of a RUN; `type` is "bind" where none is given, `options` all it says."""

    type: str
    target: str | None
    source: str | None
    from_stage: str | None
    id: str | None
    options: tuple[tuple[str, str | None], ...]


def from_parts(instruction: Instruction) -> FromParts:
    words = _words(instruction)
    platform = instruction.flag("platform") or None
    if len(words) == 1:
        return FromParts(image=words[0], platform=platform)
    if PLACEHOLDER.search(instruction.value):
        message = f"{instruction.value!r} has a placeholder of a template"
        raise fault("SL006", message, instruction.line, "render the template first")
    if len(words) != 3 or words[1].lower() != "as":
        noted = any(word.startswith("#") for word in words)
        hint = "a comment needs a line of its own" if noted else "FROM image AS name"
        raise _malformed(instruction, "FROM requires either one or three arguments", hint)
    alias = words[2].lower()
    if not _STAGE_NAME.fullmatch(alias):
        raise _malformed(
            instruction,
            f'invalid name for build stage: "{words[2]}"',
            "a name begins with a letter and goes on with letters, digits, - _ .",
        )
    return FromParts(image=words[0], platform=platform, alias=alias)


def env_pairs(instruction: Instruction, escape: str = "\\") -> tuple[tuple[str, str], ...]:
    """Names and values of an ENV or LABEL, as written; the old form `ENV name rest of line` too."""
    keyword, value = instruction.keyword, instruction.value
    words = split_words(value, escape)
    if not words:
        raise _malformed(instruction, f"{keyword} requires at least one argument", f"{keyword} name=value")
    if "=" not in words[0]:
        name, *rest = SEPARATOR.split(value, maxsplit=1)
        if not rest:
            raise _malformed(instruction, f"{keyword} must have two arguments", f"{keyword} {name}=value")
        return ((name, rest[0]),)
    pairs: list[tuple[str, str]] = []
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise _malformed(
                instruction, f'can\'t find = in "{word}"', f'{keyword} name="a value with blanks"'
            )
        if not name:
            raise _malformed(instruction, f"{keyword} names can not be blank")
        pairs.append((name, text))
    return tuple(pairs)


def arg_names(instruction: Instruction, escape: str = "\\") -> tuple[tuple[str, str | None], ...]:
    """Names and defaults of an ARG; None where there is no default."""
    out: list[tuple[str, str | None]] = []
    for word in split_words(instruction.value, escape):
        name, equals, text = word.partition("=")
        if not name:
            raise _malformed(instruction, "ARG names can not be blank")
        out.append((name, text if equals else None))
    if not out:
        raise _malformed(instruction, "ARG requires at least one argument")
    return tuple(out)


def copy_parts(instruction: Instruction) -> CopyParts:
    words = _json_or_words(instruction)
    keyword = instruction.keyword
    if len(words) < 2:
        raise _malformed(
            instruction, f"{keyword} requires at least two arguments", f"{keyword} source destination"
        )
    *given, dest = words
    if _opens_heredoc(instruction, dest):
        raise _malformed(instruction, f"{keyword} cannot accept a heredoc as a destination")
    names = {word: name for word in given if (name := _opens_heredoc(instruction, word))}
    return CopyParts(
        keyword=keyword,
        sources=tuple(word for word in given if word not in names),
        dest=dest,
        from_stage=instruction.flag("from") or None,
        chown=instruction.flag("chown") or None,
        chmod=instruction.flag("chmod") or None,
        link=_is_on(instruction, "link"),
        parents=_is_on(instruction, "parents"),
        exclude=tuple(flag.value or "" for flag in instruction.flags if flag.name == "exclude"),
        heredocs=tuple(names[word] for word in given if word in names),
    )


def healthcheck(instruction: Instruction) -> HealthcheckParts:
    kind, command = health_words(instruction.value)
    if not kind:
        raise _malformed(instruction, "HEALTHCHECK requires at least one argument")
    if kind.upper() == "NONE":
        if command:
            raise _malformed(instruction, "HEALTHCHECK NONE takes no arguments")
        return HealthcheckParts(test=None)
    if kind.upper() != "CMD":
        raise _malformed(instruction, f'unknown type "{kind}" in HEALTHCHECK', "HEALTHCHECK CMD …")
    test: tuple[str, ...] | str = command if instruction.exec_form is None else instruction.exec_form
    if not test:
        raise _malformed(instruction, "missing command after HEALTHCHECK CMD")
    return HealthcheckParts(test=test, flags=instruction.flags)


def health_words(value: str) -> tuple[str, str]:
    """The type of a HEALTHCHECK and the rest."""
    kind, _, rest = (value, "", "") if not (found := _blank(value)) else value.partition(found)
    return kind, rest.lstrip(SPACE)


def shell_command(instruction: Instruction) -> tuple[str, ...]:
    """The words of a SHELL."""
    if instruction.exec_form is None:
        if not instruction.value:
            raise _malformed(instruction, "SHELL requires at least one argument")
        message = "SHELL requires the arguments to be in JSON form"
        raise fault("SL005", message, instruction.line, 'SHELL ["/bin/sh", "-c"]')
    if not instruction.exec_form:
        raise _malformed(instruction, "SHELL requires at least one argument")
    return instruction.exec_form


def expose_ports(instruction: Instruction) -> tuple[str, ...]:
    return _at_least_one(instruction, _words(instruction))


def volumes(instruction: Instruction) -> tuple[str, ...]:
    paths = tuple(word.strip(SPACE) for word in _json_or_words(instruction))
    if "" in paths:
        raise _malformed(instruction, "VOLUME can not be an empty string")
    return _at_least_one(instruction, paths)


def single_value(instruction: Instruction) -> str:
    """The one argument of USER, WORKDIR, STOPSIGNAL or MAINTAINER: everything behind the keyword."""
    if not instruction.value:
        raise _malformed(instruction, f"{instruction.keyword} requires exactly one argument")
    return instruction.value


user = workdir = stop_signal = maintainer = single_value


def onbuild_trigger(instruction: Instruction) -> Instruction:
    trigger = instruction.trigger
    if trigger is None:
        raise _malformed(instruction, "ONBUILD requires at least one argument")
    if trigger.keyword in ("ONBUILD", "FROM", "MAINTAINER"):
        raise _malformed(instruction, f"{trigger.keyword} isn't allowed as an ONBUILD trigger")
    return trigger


def mounts(instruction: Instruction) -> tuple[Mount, ...]:
    """The `--mount` flags of a RUN, in order."""
    return tuple(_mount(instruction, flag.value or "") for flag in instruction.flags if flag.name == "mount")


def _mount(instruction: Instruction, text: str) -> Mount:
    try:
        fields = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise _malformed(instruction, f"--mount={text}: {error}") from None
    options: list[tuple[str, str | None]] = []
    for field in fields:
        key, equals, value = field.partition("=")
        options.append((key.lower(), value if equals else None))
    given = dict(options)
    return Mount(
        type=(given.get("type") or "bind").lower(),
        target=given.get("target") or given.get("dst") or given.get("destination"),
        source=given.get("source") or given.get("src"),
        from_stage=given.get("from"),
        id=given.get("id"),
        options=tuple(options),
    )


def _words(instruction: Instruction) -> tuple[str, ...]:
    return tuple(SEPARATOR.split(instruction.value)) if instruction.value else ()


def _json_or_words(instruction: Instruction) -> tuple[str, ...]:
    return _words(instruction) if instruction.exec_form is None else instruction.exec_form


def _at_least_one(instruction: Instruction, words: tuple[str, ...]) -> tuple[str, ...]:
    if not words:
        raise _malformed(instruction, f"{instruction.keyword} requires at least one argument")
    return words


def _opens_heredoc(instruction: Instruction, word: str) -> str:
    try:
        opening = opening_of(word)
    except WordError as error:
        raise _malformed(instruction, f"bad heredoc name: {error}") from None
    return opening.name if opening else ""


def _is_on(instruction: Instruction, name: str) -> bool:
    value = instruction.flag(name)
    return value is not None and value.lower() in ("", "true")


def _blank(text: str) -> str:
    return next((char for char in text if char in SPACE), "")


def _malformed(instruction: Instruction, message: str, hint: str = "") -> SlimifyError:
    return fault("SL001", message, instruction.line, hint)


def several_stages(file: Dockerfile) -> bool:
    """Whether more than one FROM stands in the file."""
    return sum(x.keyword == "FROM" for x in file.instructions) > 1


def split_stages(file: Dockerfile) -> list[list[Instruction]]:
    """The instructions of each stage, FROM first; global ARGs left out."""
    stages: list[list[Instruction]] = []
    for instruction in file.instructions:
        if instruction.keyword == "FROM":
            stages.append([instruction])
        elif stages:
            stages[-1].append(instruction)
    return stages
