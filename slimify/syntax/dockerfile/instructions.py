"""Typed arguments of single instructions.

Words keep their quotes and variables; `words.expand` expands them. `escape` is the escape character
of the file. Each function raises SlimifyError SL001, SL005 or SL401 where BuildKit rejects the instruction.
`parse` has called them on every instruction, so later calls can fail only for an ONBUILD trigger,
which BuildKit does not check before it fires either.
"""

from __future__ import annotations

import csv

from msgspec import Struct

from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex
from slimify.syntax.dockerfile.heredoc import heredoc_opening
from slimify.syntax.dockerfile.keywords import PLACEHOLDER
from slimify.syntax.dockerfile.syntax_error import syntax_error
from slimify.syntax.dockerfile.words import SPACE, WordError, split_words

SEPARATOR = regex(r"[\t\v\f\r ]+")
_STAGE_NAME = regex(r"[a-z][a-z0-9._-]*")


class FromParts(Struct, frozen=True, kw_only=True):
    """`FROM [--platform=P] image [AS alias]`. The alias is in lower case, as BuildKit compares it."""

    image: str
    platform: str | None = None
    alias: str | None = None


class CopyParts(Struct, frozen=True, kw_only=True):
    """The arguments of COPY or ADD. `heredocs` names the sources that are heredocs, `sources` the others."""

    keyword: str
    sources: tuple[str, ...]
    dest: str
    from_stage: str | None = None
    chown: str | None = None
    chmod: str | None = None
    parents: bool = False
    exclude: tuple[str, ...] = ()
    heredocs: tuple[str, ...] = ()

    @property
    def names_directory(self) -> bool:
        """Whether the destination is a directory as it is written, whatever the image has there
        (https://docs.docker.com/reference/dockerfile/#destination)."""
        return self.dest.endswith(("/", "/.")) or self.dest in (".", "..")


class Mount(Struct, frozen=True, kw_only=True):
    """One `--mount` of a RUN. `type` defaults to "bind"."""

    type: str
    from_stage: str | None


def from_parts(instruction: Instruction) -> FromParts:
    words = _words(instruction)
    platform = instruction.flag("platform") or None
    if len(words) == 1:
        return FromParts(image=words[0], platform=platform)
    if PLACEHOLDER.search(instruction.value):
        message = f"{instruction.value!r} contains a template placeholder"
        raise syntax_error("SL401", message, instruction.line, "render the template first")
    if len(words) != 3 or words[1].lower() != "as":
        has_comment = any(word.startswith("#") for word in words)
        hint = "a comment needs a line of its own" if has_comment else "FROM image AS name"
        raise malformed(instruction, "FROM requires either one or three arguments", hint)
    alias = words[2].lower()
    if not _STAGE_NAME.fullmatch(alias):
        raise malformed(
            instruction,
            f'invalid name for build stage: "{words[2]}"',
            "a name starts with a letter, followed by letters, digits, - _ or .",
        )
    return FromParts(image=words[0], platform=platform, alias=alias)


def env_pairs(instruction: Instruction, escape: str = "\\") -> tuple[tuple[str, str], ...]:
    """Names and values of an ENV or LABEL as written, including the legacy form `ENV name value`."""
    keyword, value = instruction.keyword, instruction.value
    words = split_words(value, escape)
    if not words:
        raise malformed(instruction, f"{keyword} requires at least one argument", f"{keyword} name=value")
    if "=" not in words[0]:
        name, *rest = SEPARATOR.split(value, maxsplit=1)
        if not rest:
            raise malformed(instruction, f"{keyword} must have two arguments", f"{keyword} {name}=value")
        return ((name, rest[0]),)
    pairs: list[tuple[str, str]] = []
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise malformed(
                instruction, f'can\'t find = in "{word}"', f'{keyword} name="a value with spaces"'
            )
        if not name:
            raise malformed(instruction, f"{keyword} names can not be blank")
        pairs.append((name, text))
    return tuple(pairs)


def arg_names(instruction: Instruction, escape: str = "\\") -> tuple[tuple[str, str | None], ...]:
    """Names and defaults of an ARG; the default is None if there is none."""
    out: list[tuple[str, str | None]] = []
    for word in split_words(instruction.value, escape):
        name, equals, text = word.partition("=")
        if not name:
            raise malformed(instruction, "ARG names can not be blank")
        out.append((name, text if equals else None))
    if not out:
        raise malformed(instruction, "ARG requires at least one argument")
    return tuple(out)


def copy_parts(instruction: Instruction) -> CopyParts:
    words = _json_or_words(instruction)
    keyword = instruction.keyword
    if len(words) < 2:
        raise malformed(
            instruction, f"{keyword} requires at least two arguments", f"{keyword} source destination"
        )
    *given, dest = words
    if _opens_heredoc(instruction, dest):
        raise malformed(instruction, f"{keyword} cannot accept a heredoc as a destination")
    names = {word: name for word in given if (name := _opens_heredoc(instruction, word))}
    return CopyParts(
        keyword=keyword,
        sources=tuple(word for word in given if word not in names),
        dest=dest,
        from_stage=instruction.flag("from") or None,
        chown=instruction.flag("chown") or None,
        chmod=instruction.flag("chmod") or None,
        parents=_flag_is_set(instruction, "parents"),
        exclude=tuple(flag.value or "" for flag in instruction.flags if flag.name == "exclude"),
        heredocs=tuple(names[word] for word in given if word in names),
    )


def check_healthcheck(instruction: Instruction) -> None:
    kind, command = split_healthcheck(instruction.value)
    if not kind:
        raise malformed(instruction, "HEALTHCHECK requires at least one argument")
    if kind.upper() not in ("CMD", "NONE"):
        raise malformed(instruction, f'unknown type "{kind}" in HEALTHCHECK', "HEALTHCHECK CMD …")
    if kind.upper() == "NONE" and command:
        raise malformed(instruction, "HEALTHCHECK NONE takes no arguments")
    if kind.upper() == "CMD" and not (command if instruction.exec_form is None else instruction.exec_form):
        raise malformed(instruction, "missing command after HEALTHCHECK CMD")


def split_healthcheck(value: str) -> tuple[str, str]:
    """The type of a HEALTHCHECK (CMD or NONE) and its command."""
    space = next((char for char in value if char in SPACE), None)
    kind, _, rest = value.partition(space) if space else (value, "", "")
    return kind, rest.lstrip(SPACE)


def shell_command(instruction: Instruction) -> tuple[str, ...]:
    """The words of a SHELL."""
    if instruction.exec_form is None:
        if not instruction.value:
            raise malformed(instruction, "SHELL requires at least one argument")
        message = "SHELL requires the arguments to be in JSON form"
        raise syntax_error("SL005", message, instruction.line, 'SHELL ["/bin/sh", "-c"]')
    if not instruction.exec_form:
        raise malformed(instruction, "SHELL requires at least one argument")
    return instruction.exec_form


def expose_ports(instruction: Instruction) -> tuple[str, ...]:
    return _at_least_one(instruction, _words(instruction))


def volumes(instruction: Instruction) -> tuple[str, ...]:
    paths = tuple(word.strip(SPACE) for word in _json_or_words(instruction))
    if "" in paths:
        raise malformed(instruction, "VOLUME can not be an empty string")
    return _at_least_one(instruction, paths)


def single_value(instruction: Instruction) -> str:
    """The argument of USER, WORKDIR, STOPSIGNAL or MAINTAINER: everything after the keyword."""
    if not instruction.value:
        raise malformed(instruction, f"{instruction.keyword} requires exactly one argument")
    return instruction.value


user = workdir = stop_signal = maintainer = single_value


def onbuild_trigger(instruction: Instruction) -> Instruction:
    trigger = instruction.trigger
    if trigger is None:
        raise malformed(instruction, "ONBUILD requires at least one argument")
    if trigger.keyword in ("ONBUILD", "FROM", "MAINTAINER"):
        raise malformed(instruction, f"{trigger.keyword} isn't allowed as an ONBUILD trigger")
    return trigger


def mounts(instruction: Instruction) -> tuple[Mount, ...]:
    """The `--mount` flags of a RUN, in order."""
    return tuple(_mount(instruction, flag.value or "") for flag in instruction.flags if flag.name == "mount")


def _mount(instruction: Instruction, text: str) -> Mount:
    try:
        fields = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise malformed(instruction, f"--mount={text}: {error}") from None
    given = {key.lower(): value for key, _, value in (field.partition("=") for field in fields)}
    return Mount(type=(given.get("type") or "bind").lower(), from_stage=given.get("from"))


def _words(instruction: Instruction) -> tuple[str, ...]:
    return tuple(SEPARATOR.split(instruction.value)) if instruction.value else ()


def _json_or_words(instruction: Instruction) -> tuple[str, ...]:
    return _words(instruction) if instruction.exec_form is None else instruction.exec_form


def _at_least_one(instruction: Instruction, words: tuple[str, ...]) -> tuple[str, ...]:
    if not words:
        raise malformed(instruction, f"{instruction.keyword} requires at least one argument")
    return words


def _opens_heredoc(instruction: Instruction, word: str) -> str:
    try:
        opening = heredoc_opening(word)
    except WordError as error:
        raise malformed(instruction, f"bad heredoc name: {error}") from None
    return opening.name if opening else ""


def _flag_is_set(instruction: Instruction, name: str) -> bool:
    value = instruction.flag(name)
    return value is not None and value.lower() in ("", "true")


def malformed(instruction: Instruction, message: str, hint: str = "") -> SlimifyError:
    return syntax_error("SL001", message, instruction.line, hint)


def is_multi_stage(file: Dockerfile) -> bool:
    """Whether the file has more than one FROM."""
    return sum(x.keyword == "FROM" for x in file.instructions) > 1


def split_stages(file: Dockerfile) -> list[list[Instruction]]:
    """The instructions of each stage, starting with FROM. Global ARGs are not included."""
    stages: list[list[Instruction]] = []
    for instruction in file.instructions:
        if instruction.keyword == "FROM":
            stages.append([instruction])
        elif stages:
            stages[-1].append(instruction)
    return stages


def text_up_to(file: Dockerfile, number: int) -> str:
    """The text of a file up to the end of a stage, counted from 0."""
    following = split_stages(file)[number + 1 :]
    end = file.nodes.index(following[0][0]) if following else len(file.nodes)
    return "".join(node.raw for node in file.nodes[:end])


def meaning(instruction: Instruction) -> tuple[str, tuple[tuple[str, str | None], ...], str, tuple[str, ...]]:
    """What two instructions that say the same have in common: keyword, flags, value, here-documents."""
    flags = tuple((flag.name, flag.value) for flag in instruction.flags)
    return (instruction.keyword, flags, instruction.value, tuple(h.body for h in instruction.heredocs))
