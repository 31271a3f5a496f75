"""Rejects instructions that BuildKit would reject: wrong arguments, flags or order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from slimify.model.dockerfile import Dockerfile, Flag, Instruction
from slimify.model.regex import regex
from slimify.syntax.dockerfile import instructions as read
from slimify.syntax.dockerfile.keywords import is_one_edit_apart
from slimify.syntax.dockerfile.syntax_error import syntax_error

_Kind = Literal["text", "texts", "bool", "duration", "count"]

# Flags of the Dockerfile frontend, including its labs channel.
_FLAGS: Mapping[str, Mapping[str, _Kind]] = {
    "ADD": {
        "chown": "text",
        "chmod": "text",
        "link": "bool",
        "keep-git-dir": "bool",
        "checksum": "text",
        "exclude": "texts",
        "unpack": "bool",
    },
    "COPY": {
        "chown": "text",
        "chmod": "text",
        "link": "bool",
        "from": "text",
        "parents": "bool",
        "exclude": "texts",
    },
    "FROM": {"platform": "text"},
    "HEALTHCHECK": {
        "interval": "duration",
        "timeout": "duration",
        "start-period": "duration",
        "start-interval": "duration",
        "retries": "count",
    },
    "RUN": {"mount": "texts", "network": "text", "security": "text", "device": "texts"},
}
_TAKES_JSON = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "HEALTHCHECK", "RUN"})
# `["text"` followed by `,`, another string or the end; or `["text` without a closing quote.
_BROKEN_ARRAY = regex(r'\[\s*"(?:[^"\\]|\\.)*(?:"\s*(?:[,"]|\Z)|\Z)')
_JSON_EXAMPLE = 'like ["program", "argument"]'
_UNCHECKED_FLAGS = frozenset({"ARG", "STOPSIGNAL"})  # BuildKit ignores flags of these
_MOUNT_TYPES = frozenset({"bind", "cache", "tmpfs", "secret", "ssh"})
_NETWORKS = frozenset({"default", "none", "host"})
_SECURITY_MODES = frozenset({"insecure", "sandbox"})
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER_AND_UNIT = regex(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_MIN_DURATION = 0.001  # seconds
_MAX_DURATION_LENGTH = 64  # characters; bounds backtracking


MOST_STAGES = 200  # each may build on all those before it


def check_instructions(dockerfile: Dockerfile) -> None:
    """Raise SlimifyError (SL001, SL003, SL005 or SL401) for the first instruction BuildKit would reject."""
    instructions = dockerfile.instructions
    if not instructions:
        raise syntax_error("SL003", "no instructions, only comments", 1)
    in_stage = False
    readers = _readers(dockerfile.escape)
    for instruction in instructions:
        _check_json(instruction)
        readers[instruction.keyword](instruction)
        _check_flags(instruction)
        in_stage = in_stage or instruction.keyword == "FROM"
        if not in_stage and instruction.keyword != "ARG":
            raise read.malformed(
                instruction, f"{instruction.keyword} before the first FROM", "only ARG may precede FROM"
            )
    if not in_stage:
        raise syntax_error("SL003", "no FROM", instructions[-1].line)
    stages = [i for i in instructions if i.keyword == "FROM"]
    if len(stages) > MOST_STAGES:
        text = f"{len(stages):,} stages, more than the {MOST_STAGES} that are read"
        raise syntax_error("SL901", text, stages[MOST_STAGES].line)


def _readers(escape: str) -> Mapping[str, Callable[[Instruction], object]]:
    return {
        "ADD": read.copy_parts,
        "ARG": partial(read.arg_names, escape=escape),
        "CMD": _no_check,
        "COPY": read.copy_parts,
        "ENTRYPOINT": _no_check,
        "ENV": partial(read.env_pairs, escape=escape),
        "EXPOSE": read.expose_ports,
        "FROM": read.from_parts,
        "HEALTHCHECK": read.check_healthcheck,
        "LABEL": partial(read.env_pairs, escape=escape),
        "MAINTAINER": read.maintainer,
        "ONBUILD": read.onbuild_trigger,
        "RUN": _check_run,
        "SHELL": read.shell_command,
        "STOPSIGNAL": read.stop_signal,
        "USER": read.user,
        "VOLUME": read.volumes,
        "WORKDIR": read.workdir,
    }


def _check_json(instruction: Instruction) -> None:
    """Reject an unclosed JSON array such as `["a", "b"`, which BuildKit would run as a shell command.

    Only unambiguous mistakes are rejected. `[ "$x" = y ]` is a shell test, `['a']` may be overridden
    when the container starts, and frontends before 1.9 accept an array with text after it.
    """
    if instruction.exec_form is not None or instruction.keyword not in _TAKES_JSON:
        return
    text = instruction.value
    if instruction.keyword == "HEALTHCHECK":
        text = read.split_healthcheck(text)[1]
    if _BROKEN_ARRAY.match(text) and not starts_with_json(text):
        raise syntax_error(
            "SL005", f"{instruction.keyword}: malformed JSON array", instruction.line, _JSON_EXAMPLE
        )


def starts_with_json(text: str) -> bool:
    """Whether a JSON value stands at its begin. Frontends before 1.9 take an array there for the exec form
    and ignore what follows, later ones give the whole text to the shell."""
    try:
        json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _no_check(_: Instruction) -> None:
    """CMD and ENTRYPOINT accept any text, including none."""


def _check_run(instruction: Instruction) -> None:
    for mount in read.mounts(instruction):
        if "$" not in mount.type and mount.type not in _MOUNT_TYPES:
            raise read.malformed(instruction, f'unsupported mount type "{mount.type}"')
        if mount.from_stage and "$" in mount.from_stage:
            raise read.malformed(instruction, "from= of a mount does not support variables", "name the stage")
    for name, allowed in (("network", _NETWORKS), ("security", _SECURITY_MODES)):
        value = instruction.flag(name)
        if value and "$" not in value and value not in allowed:
            raise read.malformed(
                instruction, f'invalid --{name} "{value}"', f"one of {', '.join(sorted(allowed))}"
            )


def _check_flags(instruction: Instruction) -> None:
    if instruction.keyword in _UNCHECKED_FLAGS:
        return
    if instruction.keyword == "HEALTHCHECK" and instruction.value.upper() == "NONE":
        return
    allowed = _FLAGS.get(instruction.keyword, {})
    seen: set[str] = set()
    for flag in instruction.flags:
        kind = allowed.get(flag.name)
        if kind is None:
            suggestion = next((name for name in allowed if is_one_edit_apart(name, flag.name)), "")
            raise read.malformed(
                instruction,
                f"unknown flag: --{flag.name}",
                f"did you mean --{suggestion}?" if suggestion else "",
            )
        if flag.name in seen and kind != "texts":
            raise read.malformed(instruction, f"duplicate flag specified: --{flag.name}")
        seen.add(flag.name)
        _check_value(instruction, flag, kind)


def _check_value(instruction: Instruction, flag: Flag, kind: _Kind) -> None:
    if kind == "bool":
        if flag.value == "" or (flag.value or "true").lower() not in ("true", "false"):
            raise read.malformed(instruction, f"--{flag.name} must be true or false, not {flag.value!r}")
        return
    if flag.value is None:
        raise read.malformed(instruction, f"missing a value on flag: --{flag.name}")
    if kind == "duration" and flag.value and not _is_duration(flag.value):
        raise read.malformed(
            instruction,
            f'invalid duration --{flag.name}="{flag.value}"',
            "use a number and a unit, such as 500ms, 30s or 1m30s",
        )
    if kind == "count" and flag.value and not re.fullmatch(r"\+?[0-9]{1,9}", flag.value):
        raise read.malformed(instruction, f'--{flag.name} takes a number, not "{flag.value}"')


def _is_duration(text: str) -> bool:
    """Whether Go's time.ParseDuration accepts the text and the value is 0 or at least 1 ms."""
    bare = text.removeprefix("+")
    if bare.removeprefix("-") == "0":
        return True
    parts = _NUMBER_AND_UNIT.findall(bare[:_MAX_DURATION_LENGTH])
    if not parts or "".join(number + unit for number, unit in parts) != bare:
        return False
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return seconds == 0 or seconds >= _MIN_DURATION
