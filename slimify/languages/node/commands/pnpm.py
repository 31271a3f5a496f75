"""pnpm and bun."""

from __future__ import annotations

import re

from msgspec.structs import replace

from slimify.facts.commands import values
from slimify.languages.node.commands.install import (
    global_directories,
    in_directory,
    install,
    install_globally,
    manager_verb,
    node_caches,
    only_shows,
)
from slimify.languages.node.commands.project import in_workspaces, manifests, scripts, some_script
from slimify.languages.node.commands.tools import npx, with_launcher
from slimify.languages.node.commands.yarn import INSTALLS, parsed_call, script_or_program
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect
from slimify.semantics.effects.call import Arg, Call, first_value


@with_launcher
def pnpm(call: Call) -> tuple[Effect, ...]:
    options, action, rest, behind = parsed_call(
        call, values("npm", "node") - {"-p", "-c", "-w", "--workspace"}
    )
    everywhere = options.has("-g", "--global")
    call = in_directory(call, options)
    filtered = options.all("--filter", "-F")
    if options.operands and not action:
        return some_script(call, options.operands[0])
    if not action:
        return call.effect("check")
    if action in INSTALLS:
        if everywhere:
            return install_globally(call, options, rest, "pnpm", INSTALLS[action])
        return install(call, options, rest, "pnpm", INSTALLS[action])
    production = options.has("--prod", "-P") or (action == "deploy" and options.has("--production"))
    if action == "fetch":
        return call.write_effect(
            "install",
            "fetch",
            manager="pnpm",
            writes=("node_modules",),
            manifests=manifests(call.state)[1:],  # only the lock file, before package.json exists
            caches=node_caches(call, "pnpm", options),
            dev=not production,
        )
    if action == "deploy":
        return call.write_effect(
            "install",
            Action.DEPLOY,
            manager="pnpm",
            writes=rest[-1:],
            manifests=manifests(call.state),
            reads=call.known_paths((".",)),
            dev=not production,
        )
    if action == "env":
        return call.effect(
            "install-global", "env", manager="pnpm", writes=global_directories(call.state, "pnpm")
        )
    if found := manager_verb(call, "pnpm", action, rest):
        return found
    if action in ("dlx", "exec", "x"):
        return npx(replace(call, args=behind))
    if action in ("run", "run-script", "-r", "recursive", "test", "start"):
        names = (
            rest if action in ("run", "run-script", "recursive") else (Arg(value=action, text=action), *rest)
        )
        names = tuple(w for w in names if w.value not in ("run", "exec"))
    elif only_shows(action) and action not in scripts(call.state):
        return call.effect("check", action)
    else:
        names = (Arg(value=action, text=action), *rest)
    if not names or names[0].value is None:
        return call.unknown(Reason.of("SL221", "some_script"), unread="package")
    if filtered or options.has("-r", "--recursive") or action == "recursive":
        return in_workspaces(call, filtered, names[0].value, "pnpm")
    return script_or_program(call, names, "pnpm")


def bun(call: Call) -> tuple[Effect, ...]:
    options, action, rest, behind = parsed_call(call, values("npm", "node"))
    call = in_directory(call, options)
    if action in INSTALLS and action:
        if options.has("-g", "--global"):
            return install_globally(call, options, rest, "bun", INSTALLS[action])
        return install(call, options, rest, "bun", INSTALLS[action])
    file = first_value(rest) if action == "run" else action
    if re.search(r"\.[mc]?[jt]sx?\Z", file):
        return call.application_code(file)
    if action in ("run", "x"):
        return script_or_program(call, behind, "bun") if action == "run" else npx(replace(call, args=behind))
    if not action:
        return some_script(call, options.operands[0]) if options.operands else call.effect("check")
    if found := manager_verb(call, "bun", action, rest):
        return found
    return script_or_program(call, (Arg(value=action, text=action), *behind), "bun")
