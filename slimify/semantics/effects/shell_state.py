"""How commands change the state for later commands: directory, variables, settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from slimify.facts.servers import command_directories, holds_commands
from slimify.facts.shells import is_shell_script
from slimify.languages import languages
from slimify.model.effects import Effect
from slimify.model.shell import Word
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.call import NO_SPAN, Call, known_values
from slimify.semantics.effects.fetch import fetched_script
from slimify.semantics.effects.printed import written_text
from slimify.semantics.effects.registry import state_change_of
from slimify.semantics.effects.state import State, absolute, resolve
from slimify.semantics.effects.system import new_user
from slimify.semantics.paths import inside_any


def changed_state(call: Call, effects: Sequence[Effect], state: State) -> State:
    """The state after a command, from the state without the command's own assignments."""
    mover = _STATE_CHANGES.get(call.name) or state_change_of(call.name)
    if mover is not None:
        state = mover(call, state)
    view, written = state.view, written_text(call)
    for effect in (e for e in effects if not e.followed):
        view = _with_files(view, effect)
        script = fetched_script(effect.action) if effect.kind == "fetch" else None
        for path in effect.writes or call.known_paths(call.outputs) if script is not None else ():
            view = view.with_text(path, script or "")
        if effect.kind == "fetch" and len(effect.writes) == 1:  # from which address an archive is
            state = state.with_setting(f"address of {effect.writes[0]}", effect.action)
    if written is not None:
        view = view.with_text(*written)
    for path in call.known_paths(call.outputs) if written is None and not call.appends else ():
        view = view.with_unknown_file(path) if is_shell_script(view.text(path) or "") else view
    return replace(state, view=view) if view is not state.view else state


def _with_files(view: ContextView, effect: Effect) -> ContextView:
    """The view with the directories that a command makes, its copies of files with command lines, and
    without what it writes over."""
    if "mkdir" in (effect.tool, effect.action):
        for path in effect.writes:
            view = view.with_directory(path)
    for path in (*effect.outputs, *(effect.writes if effect.kind == "fetch" else ())):
        view = view.with_unknown_file(path)
    if effect.kind == "build" and effect.manifests:  # as `poetry export`
        for path in effect.writes:
            view = view.with_list(path, effect.manifests)
    for source, target in effect.copied:
        text = view.text(source)
        managed = holds_commands(target) or inside_any(target, command_directories())
        if text is None:
            view = view.with_unknown_file(target)
        elif managed or text.startswith("#!") or view.text(target) is not None:
            view = view.with_text(target, text)
    return view


def _cd(call: Call, state: State) -> State:
    return _moved(call, state).with_variable("OLDPWD", state.cwd)


def _moved(call: Call, state: State) -> State:
    words = [a for a in call.args if a.value != "--" and a.value not in ("-P", "-L")]
    if not words:
        return replace(state, cwd=state.get("HOME"))
    value = words[0].value
    if value is None:
        return replace(state, cwd=None)
    if value == "-":
        return replace(state, cwd=state.get("OLDPWD"))
    if value.startswith("+"):
        return replace(state, cwd=None)  # the stack of bash
    return replace(state, cwd=absolute(value, state))


def _popd(call: Call, state: State) -> State:
    stack = state.settings.get("pushd", "").split("\n")
    return replace(state, cwd=stack[-1] or None).with_setting("pushd", "\n".join(stack[:-1]))


def _pushd(call: Call, state: State) -> State:
    stack = state.settings.get("pushd", "").split("\n") if state.settings.get("pushd") else []
    return _cd(call, state.with_setting("pushd", "\n".join([*stack, state.cwd or ""])))


def _assigned(call: Call, state: State) -> State:
    """The state after `export`, or `declare` and its like, with the variables that it sets."""
    exports = call.name == "export"
    for arg in call.args:
        name, equals, tail = arg.text.partition("=")
        if not name.isidentifier() or not (equals or exports):
            continue
        value = state.get(name)
        if equals:
            word = Word(text=tail, value=None, start=0, end=0)
            value = resolve(word, state) if arg.span != NO_SPAN else None
            if value is None and arg.value is not None:
                value = arg.value.partition("=")[2]
        if exports or call.flag("-x", "-gx"):
            variables = {k: v for k, v in state.variables.items() if k != name}
            state = replace(state, variables=variables).with_env({name: value})
        else:
            state = state.with_variable(name, value)
    return state


def _unset(call: Call, state: State) -> State:
    """The state after `unset`, `read` and `getopts`: variables without a value, or with an unknown one."""
    for arg in call.args:
        known = call.name == "unset" and state.is_unset(arg.value or "")
        if arg.value and arg.value.isidentifier() and not known:
            state = state.with_variable(arg.value, None)
    return state


def _parameters(call: Call, state: State) -> State:
    """`shift`, and `set` with more than options: other positional parameters."""
    values = known_values(call.args)
    if values is None:
        return state.with_arguments(None)
    if call.name == "shift":
        count = int(values[0]) if values and values[0].isdigit() else 1
        return state.with_arguments(state.arguments[count:] if state.arguments is not None else None)
    if "--" in values:
        return state.with_arguments(values[values.index("--") + 1 :])
    options = all(value[:1] in "-+" or value == "pipefail" for value in values)
    return state if options else state.with_arguments(None)


def sourced_by_language(path: str, state: State) -> State | None:
    """The state after `. FILE` for a file that a language knows by its name."""
    for language in languages():
        part = language.sourced_files
        found = part.state_after(path, state) if part is not None else None
        if found is not None:
            return found
    return None


def _user(call: Call, state: State) -> State:
    name, home, _ = new_user(call)
    path = call.path_of(home) if name and home is not None else None
    return replace(state, homes={**state.homes, name: path}) if path is not None else state


def _usermod(call: Call, state: State) -> State:
    options = call.options(("-d", "--home", "-g", "-G", "-u", "-s", "-l", "-c", "-e", "-f", "-p"))
    home = options.value("-d", "--home")
    name = options.operands[-1].value if options.operands else None
    return replace(state, homes={**state.homes, name: home}) if home and name else state


def _configure(call: Call, state: State) -> State:
    from slimify.semantics.effects.make import install_prefix

    prefix = install_prefix(call)
    if prefix is None and call.name == "configure":
        prefix = "/usr/local"
    return state.with_setting("prefix", prefix) if prefix else state


_STATE_CHANGES: dict[str, Callable[[Call, State], State]] = {
    "cd": _cd,
    "pushd": _pushd,
    "popd": _popd,
    **dict.fromkeys(("export", "declare", "local", "readonly", "typeset"), _assigned),
    **dict.fromkeys(("set", "shift"), _parameters),
    **dict.fromkeys(("unset", "read", "getopts"), _unset),
    **dict.fromkeys(("useradd", "adduser"), _user),
    "usermod": _usermod,
    **dict.fromkeys(("configure", "config", "cmake"), _configure),
}
