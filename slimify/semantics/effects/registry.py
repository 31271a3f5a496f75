"""Finds the handler of a command: by program name, by script, or in the tables."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module

from msgspec.structs import replace

from slimify.facts.commands import commands, handlers, tables
from slimify.facts.programs import versioned_programs
from slimify.facts.shells import is_posix_shell
from slimify.languages import commands_module, languages, programs
from slimify.languages.base import Language
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.effects import shells
from slimify.semantics.effects.call import Call
from slimify.semantics.effects.state import State
from slimify.semantics.effects.table import program_effects, row_effects

Handler = Callable[[Call], tuple[Effect, ...]]
_TARGETED = regex(r"[\w]+-(?:[\w]+-)*linux-(?:gnu|musl)\w*-(\S+)\Z")
_VERSION_ONLY = frozenset({"--version", "-version", "-V", "--help", "version"})


@cache
def handler_of(name: str) -> Handler | None:
    """The handler for calls of a program, None if there is none. A module is only imported when one of its
    programs is called, which saves a fifth of the start-up time."""
    name = "sh" if is_posix_shell(name) else name
    own = commands_module(name)
    place = programs()[name][1] if own is not None else handlers().get(name, "")
    if not place:
        return None
    module, _, function = place.partition(".")
    found: Handler = getattr(own or import_module(f"slimify.semantics.effects.{module}"), function)
    return found


def state_change_of(name: str) -> Callable[[Call, State], State] | None:
    """How a call of a language's program changes the state, None if it does not."""
    own = commands_module(plain_name(name))
    return getattr(own, "STATE_CHANGES", {}).get(name)


@cache
def plain_name(name: str) -> str:
    """The program name without version and target triple."""
    targeted = _TARGETED.match(name)
    name = targeted[1] if targeted else name
    versioned = _versioned().match(name)
    return versioned[1] if versioned else name


@cache
def _versioned() -> re.Pattern[str]:
    names = (
        *versioned_programs(),
        *(name for language in languages() for name in language.versioned_programs),
    )
    return re.compile(rf"({'|'.join(map(re.escape, names))})-?\d[\d.]*\w*\Z")


@cache
def _ecosystem_of(name: str) -> str:
    return programs()[name][0].name if name in programs() else ""


def effects_of(call: Call) -> tuple[Effect, ...]:
    """The effects of one command, at least one."""
    if not call.path:
        return call.unknown(Reason.of("SL221", "program"))
    name = plain_name(call.name)
    ecosystem = _ecosystem_of(name)
    if call.ecosystem != ecosystem:
        call = replace(call, ecosystem=ecosystem)
    if _asks_version(call, name):
        return call.effect("check")
    handler = handler_of(name)
    # ./manage.py has a handler of its own
    relative = call.path.startswith(("./", "../")) and "." not in name
    if handler is not None and not relative:
        return handler(call)
    script = shells.program_file(call)
    if script is not None:
        return script
    if handler is not None:
        return handler(call)
    found = program_effects(call, name)
    if found is None:
        found = _language_effects(call, name)
    if found is not None:
        return found
    if name.endswith((".sh", ".py")):
        return call.unknown(Reason.of("SL221", "missing_script", path=call.path), unread="context")
    unknown: tuple[Effect, ...] = call.unknown(Reason.of("SL221", "command", command=call.name))
    for language in languages():
        if _is_in_project(call.state, language) and language.tools is not None:
            unknown = language.tools.configured(call, unknown)
    return unknown


def _is_in_project(state: State, language: Language) -> bool:
    """Whether the working directory is that of a project of the language."""
    paths = (posixpath.join(state.cwd or "/", name) for name in language.project_files)
    return any(state.view.text(path) is not None for path in paths)


def _asks_version(call: Call, name: str) -> bool:
    return (
        len(call.args) == 1
        and call.args[0].value in _VERSION_ONLY
        and not any(name in table.own_version for _, table in tables())
    )


def _language_effects(call: Call, name: str) -> tuple[Effect, ...] | None:
    """The effects of a program that is in the table of a language, None if it is in none."""
    for language in languages():
        table, own = commands(language.name), replace(call, ecosystem=language.name)
        if name in table.known:
            return row_effects(own, table.known[name])
        if name in table.tools and language.tools is not None:
            return language.tools.tool_effects(own, table.tools[name])
    return None
