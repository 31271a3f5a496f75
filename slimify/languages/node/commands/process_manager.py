"""PM2: it starts scripts, other commands, and what files of settings list.

Source: github.com/Unitech/pm2, lib/API.js, lib/Common.js (isConfigFile, resolveInterpreter, verifyConfs) and
lib/binaries.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Sequence
from itertools import product

from msgspec.structs import replace

from slimify.context.source_uses import ARGUMENT, HERE, UNKNOWN
from slimify.facts.commands import values
from slimify.facts.shells import is_shell
from slimify.languages.node import LANGUAGE
from slimify.languages.node.commands.tool_settings import configured
from slimify.languages.node.sources.process_files import App, apps
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.effects.call import Call, literal_arg, package, parse_options
from slimify.semantics.paths import join_path

_SETTINGS = regex(r"\.json|\.ya?ml|\.config\.[cm]?js")  # anywhere in the name
_SOURCE = regex(r"\.[cm]?js\Z")
_RUNS_ITSELF = regex(r"\.(sh|py|rb|php|pl)\Z")


def pm2(call: Call) -> tuple[Effect, ...]:
    """`install` adds a module to its home directory; what `start` and the like start is followed."""
    if call.name == "pm2" and call.first in ("install", "module:install"):
        where = call.state.get("PM2_HOME") or call.word(".pm2")
        module = (package(literal_arg("pm2")),)
        return call.write_effect("install-global", "install", manager="pm2", packages=module, writes=(where,))
    head, *others = configured(call, call.application_code(call.first))
    texts = [arg.shown for arg in call.args]
    at = texts.index("--") if "--" in texts else len(texts)
    options = parse_options(call.args[:at], values("pm2", "node"))
    targets = [arg.shown for arg in options.operands]
    verb = targets[0] if targets else ""
    if verb in LANGUAGE.words("toolchain.toml", "process_managers", "starts"):
        targets = targets[1:] or ["ecosystem.config.js"]
    elif verb in LANGUAGE.words("toolchain.toml", "process_managers", "restarts"):
        targets = [target for target in targets[1:] if _SETTINGS.search(target)]
    elif call.name == "pm2":
        return (head, *others)
    given = {
        "interpreter": options.value("--interpreter"),
        "node_args": options.value("--node-args", "--interpreter-args"),
        "args": shlex.join(texts[at + 1 :] if at < len(texts) else targets[1:]),
    }
    started: list[Effect] = []
    for target in targets:
        if not _SETTINGS.search(target):
            started += _start(call, {"script": (target,), **{k: (v,) for k, v in given.items() if v}})
            continue
        path = _place(call, target)
        text = call.state.view.text(path)
        found = apps(text, posixpath.relpath(path, call.state.cwd or "/")) if text is not None else ()
        started += (e for app in found for e in _start(call, app))
        if text is not None and not found:
            head = replace(head, unread="context", why=Reason.of("SL221", "some_script"))
        head = replace(head, reads=(*head.reads, path))
    return (head, *others, *started)


def _start(call: Call, app: App) -> Iterator[Effect]:
    """The effects of an application, with each value that its settings may have."""
    cwd = app.get("cwd", ("",))[0].replace(HERE, call.state.cwd or "")
    if UNKNOWN not in cwd:
        call = replace(call, state=replace(call.state, cwd=_place(call, cwd)))
    interpreters = app.get("interpreter", app.get("exec_interpreter", ("",)))
    options = app.get("node_args", app.get("interpreter_args", ("",)))[0]
    for script, interpreter, args in product(app["script"], interpreters, app.get("args", ("",))):
        if UNKNOWN in script and not _SOURCE.search(script):
            why = Reason.of("SL221", "some_script")
            yield from call.effect("app", "start", writes_anywhere=True, why=why, unread="context")
        else:
            yield from _start_one(
                call, *(_plain(call, text) for text in (script, interpreter, options, args))
            )


def _place(call: Call, path: str) -> str:
    return join_path(call.state.cwd or "/", path) or path


def _plain(call: Call, text: str) -> str:
    """A value as a shell reads it, with the directory of the settings in place of its marker."""
    return text.replace(HERE, call.state.cwd or "").replace(UNKNOWN, ARGUMENT)


def _start_one(call: Call, script: str, interpreter: str, options: str, args: str) -> Sequence[Effect]:
    path = _place(call, script)
    is_file = call.state.view.text(path) is not None
    if is_shell(interpreter) and not is_file:  # the script of a package manager
        interpreter = "none"
    if interpreter.partition("@")[0] == "node" or (_SOURCE.search(script) and interpreter in ("", "none")):
        line = f"node {options} {script} {args}"
    elif interpreter not in ("", "none"):
        line = f"{interpreter} {options} {script} {args}"
    elif is_file and not _RUNS_ITSELF.search(script):  # what loads TypeScript
        inner = replace(call, args=(literal_arg(script),))
        return configured(inner, inner.application_code(posixpath.basename(script), reads=(path,)))
    else:
        line = f"{script} {args}"
    return call.run(line, call.state, "process", line)
