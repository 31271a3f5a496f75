"""Command lines and scripts in the configuration of the image, which managers, cron and hooks start."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from slimify.facts.programs import reads_only_arguments
from slimify.facts.servers import (
    command_directories,
    holds_commands,
    is_command_key,
    script_directories,
)
from slimify.facts.shells import is_shell
from slimify.facts.system import distribution_accounts
from slimify.model.sources import Use
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.registry import handler_of, plain_name


def managed_commands(view: ContextView) -> Iterator[tuple[Use, str]]:
    """Command lines in configuration files of process managers and cron in the image, and the scripts of its
    services and hooks: copied ones, and those that a command writes from constant words."""
    yield from _scripts(view)
    inner = (place for directory in command_directories() for place in view.under(directory))
    copied = (
        place for path in filter(holds_commands, view.context.files) for place in view.image_paths(path)
    )
    written = (path for path, _ in view.texts if holds_commands(path))
    seen: set[str] = set()
    for place in (*inner, *copied, *written):
        file = view.context_path(place)
        if (file or place) in seen:
            continue
        seen.add(file or place)
        name = "crontab" if place.startswith(("/etc/cron", "/var/spool/cron")) else place.rpartition("/")[2]
        for number, line in enumerate((view.text(place) or "").splitlines(), 1):
            text = _command_line(line.strip(), name, place)
            if text:
                yield Use(name=text, file=file or "Dockerfile", line=number if file else 0), text


def _scripts(view: ContextView) -> Iterator[tuple[Use, str]]:
    """The scripts in the configuration of the system: what brings one there means something to find and start
    it, as scanners of services (runit, s6), `run-parts` of cron and hooks of an entry point do."""
    for place in (place for directory in script_directories() for place in view.scripts_under(directory)):
        text = shlex.quote(place)
        yield Use(name=text, file=view.context_path(place) or "Dockerfile", line=0), text


def _command_line(line: str, name: str, place: str) -> str:
    """The command in a line of the file with this name."""
    if not line or line.startswith(("#", ";")):
        return ""
    if "cron" in name:
        return _scheduled(line, place) if line[:1] in "*0123456789@" else ""
    mapping = name.endswith((".yml", ".yaml"))
    colon = mapping or name == "Procfile"
    key, mark, value = line.removeprefix("- " * mapping).partition(":" if colon else "=")
    found = mark and (name == "Procfile" or is_command_key(key.strip()))
    value = value.strip().strip("\"'" if mapping else "")
    return value.lstrip("@-:+!" if name.endswith(".service") else "") if found else ""  # systemd.service(5)


def _scheduled(line: str, place: str) -> str:
    """The command of a line of a crontab. In those of the system, a user stands before it (crontab(5)); where
    a program does, the file is handed to `crontab` as well, which knows no users."""
    times = 1 if line.startswith("@") else 5  # @daily
    command = "".join(line.split(None, times)[times:])
    if not place.startswith("/etc/cron") or place.startswith("/etc/crontabs"):
        return command
    user, _, rest = command.partition(" ")
    known = is_shell(user) or reads_only_arguments(user) or handler_of(plain_name(user)) is not None
    is_program = "/" in user or (known and user not in distribution_accounts())
    return command if is_program else rest.strip()
