"""npm: installs, scripts, and its other commands."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from slimify.facts.commands import values
from slimify.languages.node import LANGUAGE
from slimify.languages.node.commands.install import (
    in_directory,
    install,
    install_globally,
    link,
    linked_directory,
    manager_verb,
    node_packages,
    only_shows,
)
from slimify.languages.node.commands.project import (
    dependency,
    in_workspaces,
    listed_scripts,
    run_script,
    some_script,
)
from slimify.languages.node.commands.tools import npx
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call, Options, first_value
from slimify.semantics.effects.state import State


def npm(call: Call) -> tuple[Effect, ...]:
    options = call.options(
        values("npm", "node") - {"-p", "-C"} if call.name == "npm" else values("npm", "node")
    )
    written, rest = options.verb
    if options.operands and options.operands[0].value is None:
        return some_script(call, options.operands[0])
    action = LANGUAGE.facts("toolchain.toml")["aliases"]["npm"].get(written, written)
    everywhere = options.has("-g", "--global") or options.value("--location") == "global"
    if not everywhere:
        call = in_directory(call, options)
    if action in ("install", "ci", "add", "update", "uninstall", "install-test", "install-ci-test"):
        linked = (
            linked_directory(call, options, rest) if everywhere and action in ("install", "add") else None
        )
        if linked is not None:
            return link(replace(call, state=replace(call.state, cwd=linked)), ())
        if everywhere:
            return install_globally(call, options, rest, "npm", action)
        names = node_packages(rest)
        unsaved = action == "uninstall" and options.has("--no-save")
        if unsaved and all(dependency(call.state, p.name, dev=False) is None for p in names):
            (effect,) = manager_verb(call, "npm", "prune", rest) or ()
            return (replace(effect, packages=names),)
        return install(call, options, rest, "npm", {"uninstall": "remove"}.get(action, action))
    if (
        action == "audit"
        and first_value(rest) == "fix"
        and not options.has("--package-lock-only", "--dry-run")
    ):
        return install(call, options, (), "npm", "audit fix")  # of all that package.json lists
    if action in ("run", "test", "start", "stop", "restart"):
        return _npm_run(call, options, action, rest)
    return _npm_rest(call, action, rest, everywhere)


def _npm_run(call: Call, options: Options, action: str, rest: tuple[Arg, ...]) -> tuple[Effect, ...]:
    name = (rest[0].value if rest else None) if action == "run" else action
    if action == "run" and not rest:
        return listed_scripts(call)
    if name is None:
        return some_script(call, rest[0])
    workspace = options.all("-w", "--workspace")
    if workspace or options.has("--workspaces"):
        return in_workspaces(call, workspace, name, "npm")
    return run_script(call, name, rest[1:] if action == "run" else rest)


def _npm_rest(call: Call, action: str, rest: tuple[Arg, ...], everywhere: bool) -> tuple[Effect, ...]:
    verb = first_value(rest)
    if action in ("config", "set"):
        if action == "config" and verb not in ("set", "delete", "rm", "edit"):
            return call.effect("check", action)
        where = call.word(".npmrc") if not everywhere else "/usr/local/etc/npmrc"
        return call.write_effect("files", "config", manager="npm", writes=(where,))
    if action == "link":
        return link(call, rest)
    if action == "exec":
        return npx(replace(call, args=call.args[1:]))
    if not action or (only_shows(action) and not (action == "version" and rest)):  # which then sets it
        return call.effect("check", action)
    return manager_verb(call, "npm", action, rest) or call.unknown(
        Reason.of("SL221", "command", command=f"npm {action}")
    )


def _state_after(call: Call, state: State) -> State:
    words = [a.value for a in call.args if not a.prefix.startswith("-")]
    words = words[1:] if words[:1] in (["config"], ["c"]) else words
    if words[:1] != ["set"] or len(words) < 2 or words[1] is None:
        return state
    key, equals, value = words[1].partition("=")
    if not equals and len(words) > 2:
        value = words[2] or ""
    return state.with_setting(f"npm {key}", value)


STATE_CHANGES: dict[str, Callable[[Call, State], State]] = {"npm": _state_after}
