"""Probes of a running container: the user's `[probes]` settings and `--probe` options.

    [tool.slimify.probes]                 # or [probes] in slimify.toml; every key is optional
    port = 8080                           # to wait for; default: the ports that the image exposes
    seconds = 60                          # time limit of a start
    env = { DATABASE_URL = "sqlite://" }
    volumes = ["./fixtures:/data:ro"]     # relative to the settings file
    options = ["--shm-size=256m"]        # further options of the engine's run
    http = ["/", { path = "/login", method = "POST", body = "a=b", status = 302 }]
    exec = ["./manage check"]             # in the running container
    run = [{ command = ["--version"], exit = 0 }]  # a container of its own
    files = ["/app/templates/index.html"] # must exist with the same content, owner and mode
    accept = ["Labels.build", "GET /now"] # intended differences
    mask = ["build [0-9]+"]               # regular expressions of text that changes between runs

A table named after a Dockerfile (`[probes."worker.Dockerfile"]`) extends the settings for that file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.model.regex import regex

_DOCKERFILE_NAME = regex(r"dockerfile|containerfile", re.IGNORECASE)


class Request(Struct, frozen=True, kw_only=True):
    """An HTTP request. With `status` None, the statuses of both images must be equal; `compare` "status"
    ignores the body."""

    path: str
    method: str = "GET"
    status: int | None = None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    contains: str = ""
    compare: str = "body"

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Run(Struct, frozen=True, kw_only=True):
    """A command. With `exit` None, the exit codes of both images must be equal."""

    command: tuple[str, ...]
    exit: int | None = None
    contains: str = ""
    output: bool = True

    @property
    def name(self) -> str:
        return shlex.join(self.command)


class Probe(Struct, frozen=True, kw_only=True):
    """All probes of one Dockerfile, and the settings that both containers are started with."""

    port: int | None = None
    seconds: float = 30
    env: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    http: tuple[Request, ...] = ()
    exec: tuple[Run, ...] = ()
    run: tuple[Run, ...] = ()
    files: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()


def parse_table(table: Mapping[str, Any], file: str = "") -> Probe:
    """The probe for `file`, a Dockerfile (its path relative to the settings file, or its name).

    Raises ValueError for an unknown key or a value of the wrong type, also in tables of other Dockerfiles.
    """
    known = set(Probe.__struct_fields__)
    own = {name: value for name, value in table.items() if name in known}
    probe = _probe(own)
    for name, value in table.items():
        if name in own:
            continue
        if not isinstance(value, Mapping) or not _DOCKERFILE_NAME.search(name):
            raise ValueError(f'probes have no key "{name}"; known keys: {", ".join(sorted(known))}')
        special = _probe(_checked_table(f'probes."{name}"', value, Probe))
        if name in (file, file.rpartition("/")[2]):
            probe = merge(probe, special)
    return probe


def merge(general: Probe, special: Probe) -> Probe:
    """`general` with the settings of `special` added; single values of `special` win."""
    default = Probe()
    changes: dict[str, Any] = {}
    for name in Probe.__struct_fields__:
        value, before = getattr(special, name), getattr(general, name)
        if value == getattr(default, name):
            continue
        if isinstance(value, tuple):
            changes[name] = (*before, *value)
        else:
            changes[name] = {**before, **value} if isinstance(value, Mapping) else value
    return replace(general, **changes)


def parse_option(text: str) -> Probe:
    """The probe of one `--probe` option: `/path`, `/path=404`, `POST /path`, or a command to run in the
    container. Raises ValueError if it is empty."""
    found = re.fullmatch(r"(?:([A-Z]+) )?(/[^\s=]*(?:\?\S*?)?)(?:=(\d{3}))?", text.strip())
    if found:
        status = int(found[3]) if found[3] else None
        return Probe(http=(Request(path=found[2], method=found[1] or "GET", status=status),))
    return Probe(exec=(_run(text),))


def _probe(table: Mapping[str, Any]) -> Probe:
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name == "http":
            values[name] = tuple(map(_request, _list(name, value)))
        elif name in ("exec", "run"):
            values[name] = tuple(map(_run, _list(name, value)))
        elif name == "env":
            values[name] = {key: str(item) for key, item in _of_type(name, value, Mapping).items()}
        elif name == "port":
            values[name] = _in_range(name, _of_type(name, value, int), 1, 65535)
        elif name == "seconds":
            values[name] = _in_range(name, _of_type(name, value, (int, float)), 0.1, 86400)
        else:
            values[name] = tuple(_of_type(name, item, str) for item in _list(name, value))
    for pattern in values.get("mask", ()):
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f'"{pattern}" is not a regular expression: {error}') from None
    return Probe(**values)


def _in_range(name: str, value: float, least: float, most: float) -> float:
    if not least <= value <= most:
        raise ValueError(f'"{name}" is {value}, not between {least} and {most}')
    return value


def _request(value: object) -> Request:
    if isinstance(value, str):
        found = parse_option(value).http
        if not found:
            raise ValueError(f'"{value}" is not a path')
        return found[0]
    table = _checked_table("http", value, Request)
    if not str(table.get("path", "")).startswith("/"):
        raise ValueError('a request of "http" needs a path that begins with /')
    for name in table.keys() & {"method", "body", "contains", "compare"}:
        _of_type(name, table[name], str)
    if table.get("compare", "body") not in ("body", "status"):
        raise ValueError(f'"compare" is "{table["compare"]}", not "body" or "status"')
    if "status" in table:
        _in_range("status", _of_type("status", table["status"], int), 100, 599)
    if "headers" in table:
        table["headers"] = {
            key: str(item) for key, item in _of_type("headers", table["headers"], Mapping).items()
        }
    return Request(**table)


def _run(value: object) -> Run:
    if not isinstance(value, Mapping):
        return Run(command=_words(value))
    table = _checked_table("run", value, Run)
    if "exit" in table:
        _in_range("exit", _of_type("exit", table["exit"], int), 0, 255)
    _of_type("contains", table.get("contains", ""), str)
    if not isinstance(table.get("output", True), bool):
        raise ValueError('"output" is true or false')
    return Run(**{**table, "command": _words(table.get("command", ()))})


def _words(value: object) -> tuple[str, ...]:
    words = tuple(shlex.split(value)) if isinstance(value, str) else tuple(map(str, _list("command", value)))
    if not words:
        raise ValueError("a command is empty")
    return words


def _checked_table(name: str, value: object, kind: type[Request] | type[Run] | type[Probe]) -> dict[str, Any]:
    table = dict(_of_type(name, value, Mapping))
    for key in table.keys() - set(kind.__struct_fields__):
        raise ValueError(f'"{name}" has no key "{key}"')
    return table


def _list(name: str, value: object) -> Iterable[Any]:
    items: Iterable[Any] = _of_type(name, value, (list, tuple))
    return items


def _of_type(name: str, value: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f'"{name}" has a value of the wrong type: {value!r}')
    return value
