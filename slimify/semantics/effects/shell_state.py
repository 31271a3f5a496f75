"""How commands change what is in force for those behind them: directory, variables, settings."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from msgspec.structs import replace

from slimify.model.shell import Word
from slimify.semantics.effects.call import NOWHERE, Call
from slimify.semantics.effects.files import copy_effects
from slimify.semantics.effects.make import install_prefix
from slimify.semantics.effects.state import State, absolute, resolve
from slimify.semantics.effects.system import new_user

# The state after a script that is sourced: its text, the state before, what it is.
Sourced = Callable[[str, State, tuple[str, ...]], State]


def move(call: Call, state: State, sourced: Sourced) -> State:
    """The state behind a command. `state` is the one in force without the command's own assignments."""
    if call.name in (".", "source"):
        return _source(call, state, sourced)
    mover = _MOVES.get(call.name)
    if mover is not None:
        state = mover(call, state)
    if call.outputs and call.stdin is not None and call.name in ("cat", "tee"):
        path = call.path_of(call.outputs[0])
        if path is not None and call.outputs[0].value is not None:
            state = replace(state, view=state.view.with_text(path, call.stdin))
    return state


_OWN_DIRECTORY = re.compile(
    r"""["']?(?:\$\(|`)\s*dirname\s+(?:--\s+)?"?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?"?\s*[)`]((?:/[\w.-]+)*)/?["']?"""
)


def _cd(call: Call, state: State) -> State:
    words = [a for a in call.args if a.value != "--" and a.value not in ("-P", "-L")]
    if not words:
        return replace(state, cwd=state.get("HOME"))
    value = words[0].value
    if value is None:
        return replace(state, cwd=_beside_script(words[0].text, state))
    if value == "-" or value.startswith("+"):
        return replace(state, cwd=None)  # the directory before is not kept
    return replace(state, cwd=absolute(value, state))


def _beside_script(text: str, state: State) -> str | None:
    """The directory of the script that is read, where `$(dirname "$0")` asks for it."""
    match = _OWN_DIRECTORY.fullmatch(text)
    script = state.settings.get("script")
    if match is None or script is None:
        return None
    return posixpath.normpath(posixpath.dirname(script) + (match[1] or ""))


def _popd(call: Call, state: State) -> State:
    stack = state.settings.get("pushd", "").split("\n")
    return replace(state, cwd=stack[-1] or None).with_setting("pushd", "\n".join(stack[:-1]))


def _pushd(call: Call, state: State) -> State:
    stack = state.settings.get("pushd", "").split("\n") if state.settings.get("pushd") else []
    return _cd(call, state.with_setting("pushd", "\n".join([*stack, state.cwd or ""])))


def _export(call: Call, state: State) -> State:
    for arg in call.args:
        name, equals, tail = arg.text.partition("=")
        if not name.isidentifier():
            continue
        if equals:
            value = (
                resolve(Word(text=tail, value=None, start=0, end=0), state) if arg.span != NOWHERE else None
            )
            if value is None and arg.value is not None:
                value = arg.value.partition("=")[2]
        else:
            value = state.get(name)
        variables = {k: v for k, v in state.variables.items() if k != name}
        state = replace(state, variables=variables).with_env({name: value})
    return state


def _declare(call: Call, state: State) -> State:
    exported = call.flag("-x", "-gx")
    for arg in call.args:
        name, equals, _ = arg.text.partition("=")
        if not name.isidentifier() or not equals:
            continue
        value = arg.value.partition("=")[2] if arg.value is not None else None
        state = state.with_env({name: value}) if exported else state.with_variable(name, value)
    return state


def _unset(call: Call, state: State) -> State:
    names = {a.value for a in call.args}
    return replace(
        state,
        env={k: (None if k in names else v) for k, v in state.env.items()},
        variables={k: (None if k in names else v) for k, v in state.variables.items()},
    )


def _read(call: Call, state: State) -> State:
    for arg in call.args:
        if arg.value and arg.value.isidentifier():
            state = state.with_variable(arg.value, None)
    return state


def _source(call: Call, state: State, sourced: Sourced) -> State:
    """`. FILE`: activating a virtual environment is known, other scripts are read if they can be found."""
    path = call.path_of(call.args[0]) if call.args and call.args[0].value is not None else None
    if path is None:
        return state
    if re.search(r"/bin/activate\Z", path):
        venv = posixpath.dirname(posixpath.dirname(path))
        entries = state.get("PATH")
        return state.with_env({"VIRTUAL_ENV": venv, "PATH": f"{venv}/bin:{entries or ''}"}).with_setting(
            f"venv {venv}", "1"
        )
    if path.endswith("nvm.sh"):
        return state.with_setting("nvm", posixpath.dirname(path))
    text = state.view.text(path)
    return sourced(text, state, ("source", path)) if text is not None else state


def _user(call: Call, state: State) -> State:
    name, home, _ = new_user(call)
    path = call.path_of(home) if name and home is not None else None
    return replace(state, homes={**state.homes, name: path}) if path is not None else state


def _usermod(call: Call, state: State) -> State:
    options = call.options(("-d", "--home", "-g", "-G", "-u", "-s", "-l", "-c", "-e", "-f", "-p"))
    home = options.value("-d", "--home")
    name = options.operands[-1].value if options.operands else None
    return replace(state, homes={**state.homes, name: home}) if home and name else state


def _mkdir(call: Call, state: State) -> State:
    view = state.view
    for path in call.known(call.options(("-m", "--mode", "-o", "-g", "--owner", "--group")).operands):
        view = view.with_directory(path)
    return replace(state, view=view)


def _copy(call: Call, state: State) -> State:
    """A script that is put in its place by cp, mv, ln or install is the same text there."""
    if call.name == "install" and call.flag("-d", "--directory"):
        return _mkdir(call, state)
    view = state.view
    for effect in copy_effects(call):
        pairs = (
            zip(effect.reads, effect.writes, strict=True) if len(effect.reads) == len(effect.writes) else ()
        )
        for source, target in pairs:
            text = view.text(source)
            if text is not None and text.startswith("#!"):
                view = view.with_text(target, text)
    return replace(state, view=view)


def _made_venv(call: Call, state: State) -> State:
    words = call.options(("-p", "--python", "--prompt")).operands
    for path in call.known([w for w in words if w.value not in ("venv",)]) or (
        call.known((".venv",)) if call.name == "uv" else ()
    ):
        state = state.with_setting(f"venv {path}", "1")
    return state


def _python(call: Call, state: State) -> State:
    values = [a.value for a in call.args]
    if "-m" in values and {"venv", "virtualenv"} & set(values):
        at = values.index("-m")
        return _made_venv(replace(call, args=call.args[at + 2 :], name="venv"), state)
    return state


def _uv(call: Call, state: State) -> State:
    if call.first != "venv":
        return state
    at = next(i for i, a in enumerate(call.args) if a.value == "venv")
    return _made_venv(replace(call, args=call.args[at + 1 :]), state)


def _poetry(call: Call, state: State) -> State:
    words = [a.value for a in call.args if not a.prefix.startswith("-")]
    if len(words) >= 3 and words[0] == "config" and words[1] and words[2] is not None:
        return state.with_setting(f"poetry {words[1]}", words[2])
    return state


def _npm(call: Call, state: State) -> State:
    words = [a.value for a in call.args if not a.prefix.startswith("-")]
    words = words[1:] if words[:1] in (["config"], ["c"]) else words
    if words[:1] != ["set"] or len(words) < 2 or words[1] is None:
        return state
    key, equals, value = words[1].partition("=")
    if not equals and len(words) > 2:
        value = words[2] or ""
    return state.with_setting(f"npm {key}", value)


def _configure(call: Call, state: State) -> State:
    prefix = install_prefix(call)
    if prefix is None and call.name == "configure":
        prefix = "/usr/local"
    return state.with_setting("prefix", prefix) if prefix else state


def _go(call: Call, state: State) -> State:
    """`go env -w X=Y` is remembered for later go commands."""
    if call.first != "env" or not call.flag("-w"):
        return state
    for arg in call.args:
        name, equals, value = (arg.value or "").partition("=")
        if equals and name not in state.env and name.isupper():
            state = state.with_env({name: value})
    return state


_MOVES: dict[str, Callable[[Call, State], State]] = {
    "cd": _cd,
    "pushd": _pushd,
    "popd": _popd,
    "export": _export,
    **dict.fromkeys(("declare", "local", "readonly", "typeset"), _declare),
    "unset": _unset,
    **dict.fromkeys(("read", "getopts"), _read),
    **dict.fromkeys(("useradd", "adduser"), _user),
    "usermod": _usermod,
    "mkdir": _mkdir,
    **dict.fromkeys(("cp", "mv", "ln", "install"), _copy),
    "virtualenv": _made_venv,
    **dict.fromkeys(("python", "python3"), _python),
    "uv": _uv,
    "poetry": _poetry,
    "npm": _npm,
    **dict.fromkeys(("configure", "config", "cmake"), _configure),
    "go": _go,
}
