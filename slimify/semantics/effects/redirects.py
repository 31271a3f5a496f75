"""What the redirects of a command do: the files that it writes, and the text that it reads."""

from __future__ import annotations

from msgspec.structs import replace

from slimify.facts.system import is_package_source
from slimify.model.decisions import Reason
from slimify.model.effects import ADDS_FILES, LEAVES_NOTHING, Action, Effect
from slimify.model.shell import Command
from slimify.semantics.effects.call import Call, input_files, output_files
from slimify.semantics.effects.state import State, resolve
from slimify.semantics.paths import join_path


def appending(command: Command) -> bool:
    """Whether it adds its output to a file."""
    return any(redirect.op.endswith(">>") for redirect in command.redirects)


def stdin(command: Command, state: State) -> str | None:
    """The text of a here-document, or of a file that a redirect reads, if it is known."""
    for redirect in reversed(command.redirects):
        if redirect.op in ("<<", "<<-", "<<<"):
            return redirect.target.value if redirect.target.value is not None else redirect.target.text
        if redirect.op == "<":
            path = join_path(state.cwd, resolve(redirect.target, state) or "")
            return state.view.text(path) if path is not None else None
    return None


def redirected(effects: tuple[Effect, ...], command: Command, state: State) -> tuple[Effect, ...]:
    """Adds the files that input is taken from and output is redirected to."""
    if not effects:  # an empty command
        return ()
    first = effects[0]
    call = Call(name=first.tool, path=first.tool, args=(), state=state, command=first.command)
    inputs, files = input_files(command, state), output_files(command, state)
    if inputs:
        read = call.inputs(inputs)
        first = replace(
            first,
            reads=tuple(dict.fromkeys((*first.reads, *read["reads"]))),
            reads_anything=first.reads_anything or read["reads_anything"],
        )
    if files:
        paths, lost = call.targets(files)
        first = replace(first, writes=tuple(dict.fromkeys((*first.writes, *paths))))
        if first.kind in LEAVES_NOTHING:
            first = replace(first, kind="files", action=first.action or Action.WRITE)
        if lost is not None:
            first = replace(
                first, writes_anywhere=True, why=first.why or Reason.of("SL221", "target", target=lost.text)
            )
    return tuple(_as_package_source(effect) for effect in (first, *effects[1:]))


def _as_package_source(effect: Effect) -> Effect:
    """A file that only the package manager reads is a package source."""
    if effect.kind not in ADDS_FILES or effect.writes_anywhere or not effect.writes:
        return effect
    if all(map(is_package_source, effect.writes)):
        return replace(effect, kind="source", action=effect.action or Action.WRITE)
    return effect
