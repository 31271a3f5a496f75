"""What BuildKit rejects once the lines are read: arguments, flags, order of instructions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from slimify.model.dockerfile import Dockerfile, Flag, Instruction
from slimify.model.errors import SlimifyError
from slimify.syntax.dockerfile import instructions as read
from slimify.syntax.dockerfile.keywords import one_off
from slimify.syntax.dockerfile.syntax_error import fault

_Kind = Literal["text", "texts", "bool", "duration", "count"]

# The frontend's flags, those of its labs channel included: a file that needs them names it.
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
_JSON_MEANT = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "HEALTHCHECK", "RUN"})
# A bracket, a string, then what only an array goes on with; or a string that does not end.
_BROKEN_ARRAY = re.compile(r'\[\s*"(?:[^"\\]|\\.)*(?:"\s*(?:[,"]|\Z)|\Z)')
_SAMPLE = 'like ["program", "argument"]'
_UNCHECKED_FLAGS = frozenset({"ARG", "STOPSIGNAL"})  # the builder drops whatever flags these have
_MOUNT_TYPES = frozenset({"bind", "cache", "tmpfs", "secret", "ssh"})
_NETWORKS = frozenset({"default", "none", "host"})
_SECURITIES = frozenset({"insecure", "sandbox"})
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER_AND_UNIT = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_SHORTEST = 0.001  # seconds
_LONGEST_DURATION = 64  # characters: nobody writes more, and the pattern above looks back


def check(dockerfile: Dockerfile) -> None:
    """Raise SlimifyError for the first instruction that the builder would refuse."""
    instructions = dockerfile.instructions
    if not instructions:
        raise fault("SL003", "no instructions, only comments", 1)
    in_stage = False
    readers = _readers(dockerfile.escape)
    for instruction in instructions:
        _check_json(instruction)
        readers[instruction.keyword](instruction)
        _check_flags(instruction)
        in_stage = in_stage or instruction.keyword == "FROM"
        if not in_stage and instruction.keyword != "ARG":
            raise _bad(
                instruction, f"{instruction.keyword} before the first FROM", "only ARG may stand there"
            )
    if not in_stage:
        raise fault("SL003", "no FROM", instructions[-1].line)


def _readers(escape: str) -> Mapping[str, Callable[[Instruction], object]]:
    return {
        "ADD": read.copy_parts,
        "ARG": partial(read.arg_names, escape=escape),
        "CMD": _anything,
        "COPY": read.copy_parts,
        "ENTRYPOINT": _anything,
        "ENV": partial(read.env_pairs, escape=escape),
        "EXPOSE": read.expose_ports,
        "FROM": read.from_parts,
        "HEALTHCHECK": read.healthcheck,
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
    """Refuse `["a", "b"`: the builder would hand it to the shell, which finds no program `[a`.

    Only where the text cannot be anything else. `[ "$x" = y ]` is a test, `['a']` may be overridden
    by whoever runs the image, and an array with text behind it is one to builders before 1.9.
    """
    if instruction.exec_form is not None or instruction.keyword not in _JSON_MEANT:
        return
    text = instruction.value
    if instruction.keyword == "HEALTHCHECK":
        text = read.health_words(text)[1]
    if _BROKEN_ARRAY.match(text) and not _starts_with_json(text):
        raise fault("SL005", f"{instruction.keyword}: malformed JSON array", instruction.line, _SAMPLE)


def _starts_with_json(text: str) -> bool:
    try:
        json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _anything(_: Instruction) -> None:
    """CMD and ENTRYPOINT may be anything, even nothing."""


def _check_run(instruction: Instruction) -> None:
    for mount in read.mounts(instruction):
        if "$" not in mount.type and mount.type not in _MOUNT_TYPES:
            raise _bad(instruction, f'unsupported mount type "{mount.type}"')
        if mount.from_stage and "$" in mount.from_stage:
            raise _bad(instruction, "a mount's from= can not have variables", "name the stage")
    for name, allowed in (("network", _NETWORKS), ("security", _SECURITIES)):
        value = instruction.flag(name)
        if value and "$" not in value and value not in allowed:
            raise _bad(instruction, f'invalid --{name} "{value}"', f"one of {', '.join(sorted(allowed))}")


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
            meant = next((name for name in allowed if one_off(name, flag.name)), "")
            raise _bad(
                instruction, f"unknown flag: --{flag.name}", f"did you mean --{meant}?" if meant else ""
            )
        if flag.name in seen and kind != "texts":
            raise _bad(instruction, f"duplicate flag specified: --{flag.name}")
        seen.add(flag.name)
        _check_value(instruction, flag, kind)


def _check_value(instruction: Instruction, flag: Flag, kind: _Kind) -> None:
    if kind == "bool":
        if flag.value == "" or (flag.value or "true").lower() not in ("true", "false"):
            raise _bad(instruction, f"--{flag.name} is either true or false, not {flag.value!r}")
        return
    if flag.value is None:
        raise _bad(instruction, f"missing a value on flag: --{flag.name}")
    if kind == "duration" and flag.value and not _is_duration(flag.value):
        raise _bad(
            instruction,
            f'invalid duration --{flag.name}="{flag.value}"',
            "a number and a unit: 500ms, 30s, 1m30s",
        )
    if kind == "count" and flag.value and not re.fullmatch(r"\+?[0-9]{1,9}", flag.value):
        raise _bad(instruction, f'--{flag.name} takes a number, not "{flag.value}"')


def _is_duration(text: str) -> bool:
    """Whether Go's time.ParseDuration takes it and it is nothing or at least a millisecond."""
    bare = text.removeprefix("+")
    if bare.removeprefix("-") == "0":
        return True
    parts = _NUMBER_AND_UNIT.findall(bare[:_LONGEST_DURATION])
    if not parts or "".join(number + unit for number, unit in parts) != bare:
        return False
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return seconds == 0 or seconds >= _SHORTEST


def _bad(instruction: Instruction, message: str, hint: str = "") -> SlimifyError:
    return fault("SL001", message, instruction.line, hint)
