"""yarn, 1 and later."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from slimify.facts.commands import commands, values
from slimify.languages.node import LANGUAGE
from slimify.languages.node.commands.install import (
    in_directory,
    install,
    install_globally,
    manager_verb,
    only_shows,
)
from slimify.languages.node.commands.project import (
    in_workspaces,
    listed_scripts,
    package_json,
    run_script,
    scripts,
    some_script,
)
from slimify.languages.node.commands.tools import brought_programs, npx, tool_call, with_launcher
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call, Options, first_value

INSTALLS: Mapping[str, str] = LANGUAGE.facts("toolchain.toml")["aliases"]["yarn"]  # with their other names


def parsed_call(call: Call, valued: frozenset[str]) -> tuple[Options, str, tuple[Arg, ...], tuple[Arg, ...]]:
    """Options, the command word, its operands, and all words after it as written."""
    options = call.options(valued)
    action, rest = options.verb
    at = next((i for i, a in enumerate(call.args) if a.value == action), len(call.args))
    return options, action, rest, call.args[at + 1 :]


@with_launcher
def yarn(call: Call) -> tuple[Effect, ...]:
    options, action, rest, behind = parsed_call(call, values("npm", "node"))
    call = in_directory(call, options)
    if options.operands and not action:
        return some_script(call, options.operands[0])
    if not action and options.has("--version", "-v", "--help"):
        return call.effect("check")
    if action in INSTALLS:
        return install(call, options, rest, "yarn", INSTALLS[action])
    if action == "global":
        verb = first_value(rest)
        if verb in ("add", "upgrade", "remove"):
            return install_globally(call, options, rest[1:], "yarn", verb)
        return call.effect("check", "global")
    if action == "workspaces" or action == "workspace":
        return _yarn_workspaces(call, options, action, rest)
    if action == "run":
        return script_or_program(call, behind, "yarn")
    if action in ("dlx", "exec", "node"):
        inner = behind if action != "node" else (Arg(value="node", text="node"), *behind)
        return npx(replace(call, args=inner))
    if found := manager_verb(call, "yarn", action, rest):
        return found
    if only_shows(action) and action not in scripts(call.state):
        return call.effect("check", action)
    return script_or_program(call, (Arg(value=action, text=action), *behind), "yarn")


def _yarn_workspaces(call: Call, options: Options, action: str, rest: tuple[Arg, ...]) -> tuple[Effect, ...]:
    if action == "workspaces" and rest and rest[0].value == "focus":
        return install(call, options, (), "yarn", "install")
    if action == "workspaces" and rest and rest[0].value in ("info", "list"):
        return call.effect("check", "workspaces")
    names = [w for w in rest if w.value not in ("run", "foreach")]
    wanted = tuple(names[:1]) if action == "workspace" else ()
    verb = names[1 if action == "workspace" else 0 :]
    if not verb or verb[0].value is None:
        return call.unknown(Reason.of("SL221", "workspaces"), unread="package")
    if verb[0].value in ("install", "add"):
        return install(call, options, (), "yarn", "install")
    return in_workspaces(call, wanted, verb[0].value, "yarn")


def script_or_program(call: Call, words: tuple[Arg, ...], manager: str) -> tuple[Effect, ...]:
    """`yarn X`: the script X, else the program X."""
    named = [w for w in words if not w.prefix.startswith("-")]
    if not named or named[0].value is None:
        return some_script(call, named[0]) if named else listed_scripts(call)
    name = named[0].value
    rest = words[words.index(named[0]) + 1 :]
    if name in scripts(call.state):
        return run_script(call, name, rest, manager=manager)
    if package_json(call.state) is not None or name in commands("node").tools:
        found = tool_call(call, (named[0], *rest))
        if not found[0].is_unlisted or name in brought_programs(call.state):
            return found
    return run_script(call, name, rest, manager=manager)
