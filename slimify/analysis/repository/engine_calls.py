"""The calls of container engines in the scripts of a repository, which are interpreted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from msgspec.structs import replace

from slimify.analysis.repository.engine_commands import EngineCall
from slimify.analysis.repository.host_command import (
    HostCommand,
    host_commands,
    host_state,
    start_directories,
)
from slimify.context.build_scripts.scripts import Script
from slimify.context.scan import Context

_MAX_COMMANDS = 20_000  # of all scripts
_Calls = list[tuple[int, HostCommand]]


def engine_calls(scripts: Iterable[Script], view: Context) -> tuple[tuple[EngineCall, HostCommand], ...]:
    """The calls of scripts that see the files of a context; those in lines that nothing reaches come last."""
    scripts, left = tuple(scripts), _MAX_COMMANDS
    found: list[HostCommand] = []
    for script in scripts:
        number, calls = _calls_of(script, view, anywhere=not script.is_document)
        found += (host for index, host in calls if index < left)
        left -= number
    reached = {(c.file, line) for c in found for line in range(c.lines[0], c.lines[1] + 1)}
    for script in scripts:
        for snippet in script.calls():
            if reached.isdisjoint((script.file, n) for n in range(snippet.first, snippet.last + 1)):
                _, calls = _calls_of(replace(script, snippets=(snippet,)), view, anywhere=False)
                found += (host for _, host in calls)
    return tuple((host.engine, host) for host in found if host.engine is not None)


def _calls_of(script: Script, view: Context, *, anywhere: bool) -> tuple[int, _Calls]:
    """The number of a script's commands, and those that call an engine, each with its index. Nothing but the
    files that the script sees decides these, so they are found once for all contexts with the same around."""
    return view.once(("engine calls of", script, anywhere), partial(_find, script, view, anywhere))


def _find(script: Script, view: Context, anywhere: bool) -> tuple[int, _Calls]:
    number, calls = 0, []
    for number, host in enumerate(islice(_commands(script, view, anywhere), _MAX_COMMANDS), 1):
        if host.engine is not None:
            calls.append((number - 1, host))
    return number, calls


def _commands(script: Script, view: Context, anywhere: bool) -> Iterator[HostCommand]:
    """The commands of a script that is started in the root, or `anywhere`: in its own directory, too."""
    for start in start_directories(script.file)[: 1 + anywhere]:
        yield from host_commands(script, replace(host_state(view), cwd=start))
