"""The node program, npx, and the programs of node_modules/.bin."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from msgspec.structs import replace

from slimify.facts.commands import values
from slimify.languages.node import LANGUAGE
from slimify.languages.node.commands.install import node_caches, node_packages, package_name
from slimify.languages.node.commands.outputs import (
    configured_outputs,
    emptied_directories,
    only_output,
    outputs,
    settings_files,
)
from slimify.languages.node.commands.project import package_json, project_of, run_script, some_script
from slimify.languages.node.commands.tool_settings import configured
from slimify.languages.node.manifests.lock_files import lock_packages
from slimify.languages.node.package_facts import possible_programs
from slimify.model.decisions import Reason
from slimify.model.effects import RUNS_CODE, Action, Effect, EffectKind
from slimify.model.regex import regex
from slimify.semantics.effects.call import Arg, Call, Options, literal_arg
from slimify.semantics.effects.state import State

_WRITING = regex(
    r"\b(?:cp|rm)(?:Sync)?\(|write|append|copy|unlink|rename|mkdir|link|exec|spawn|require\(['\"]\."
)
_RUN_WHERE_NEEDED = RUNS_CODE | {"fetch"}  # what npx keeps is where they are executed


def with_launcher(handler: Callable[[Call], tuple[Effect, ...]]) -> Callable[[Call], tuple[Effect, ...]]:
    """The handler with the launcher's name added to the tools: the launcher is a program that runs, too."""

    def both(call: Call) -> tuple[Effect, ...]:
        return tuple(
            e if call.name in (e.tool, *e.tools) else replace(e, tools=(*e.tools, call.name))
            for e in handler(call)
        )

    return both


def npx(call: Call) -> tuple[Effect, ...]:
    """npx, bunx, pnpm dlx, …: the effects of the program, which is downloaded if necessary."""
    options = call.options(values("npx", "node"), stop=True)
    if options.has("-v", "--version", "-h", "--help"):
        return call.effect("check")
    text = options.value("-c", "--call")
    if text:
        return call.run(text, call.state)
    found = tool_call(call, options.operands)
    words = options.all("-p", "--package") or options.operands[:1]
    fetched = options.has("-y", "--yes") or _lacks(call.state, words)
    if call.name not in ("npm", "npx") or not fetched or any(e.kind in _RUN_WHERE_NEEDED for e in found):
        return found
    places = tuple(posixpath.join(cache, "_npx") for cache in node_caches(call, "npm"))
    more = {"packages": node_packages(words), "writes": places, "possible": places}
    return (*found, *call.effect("install-global", "npx", manager="npm", **more))


def _lacks(state: State, words: tuple[Arg, ...]) -> bool:
    """Whether npx has to fetch one of these packages, as the project certainly brings none of that name.

    source: github.com/npm/cli, workspaces/libnpmexec
    """
    names, project = {p.name for p in node_packages(words)}, project_of(state)
    if project is None:
        return bool(names) and package_json(state) is None
    locked = lock_packages(state.view.context, project)
    versions = any("@" in (word.value or "")[1:] for word in words)
    return (bool(locked) or versions) and not names & brought_programs(state)


def brought_programs(state: State) -> frozenset[str]:
    """The programs that the packages of the project may bring, and the names of those packages."""
    project = project_of(state)
    if project is None:
        return frozenset()
    locked = lock_packages(state.view.context, project)
    known = {*project.dependencies, *project.dev_dependencies, *locked}
    return frozenset(program for name in known for program in (name, *possible_programs(name)))


def tool_call(call: Call, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    """The effects of a program of node_modules/.bin with its arguments."""
    if not words or not words[0].value:
        return call.unknown(Reason.of("SL221", "program"))
    name = package_name(words[0].value).rpartition("/")[2]
    return call.start((literal_arg(name), *words[1:]))


def node(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("node", "node"), stop=True)
    run = options.last("--run")  # nodejs.org/api/cli.html: without the hooks around the script
    if run is not None:
        return run_script(call, run.value, options.operands) if run.value else some_script(call, run)
    if options.has("--version", "-v", "--help", "-h", "--check"):
        return call.effect("check")
    code = options.value("-e", "--eval", "-p", "--print", "-pe")
    if code is not None or options.has("-e", "-p", "--eval", "--print", "-pe"):
        if code is not None and not _WRITING.search(code):
            return call.effect("check", "-e")
        return call.application_code(
            "-e", writes=(call.state.cwd or "/", *outputs(call.state, (), code=code or ""))
        )
    if not options.operands:
        return call.application_code("-") if call.upstream or call.stdin else call.effect("check")
    script = options.operands[0]
    head, *others = _node_program(call, script, options.operands[1:])
    return (replace(head, reads=(*head.reads, *_preloaded(call, options))), *others)


def _preloaded(call: Call, options: Options) -> Iterator[str]:
    """The manifests of the packages that node loads before the program: by its options, or by those that a
    variable has (nodejs.org/api/cli.html)."""
    names = LANGUAGE.words("toolchain.toml", "preloads", "options")
    words = (call.state.get("NODE_OPTIONS") or "").replace("=", " ").split()
    given = [arg.value or "" for arg in options.all(*names)]
    given += [word for option, word in pairwise(words) if option in names]
    project = project_of(call.state)
    installed = {**project.dependencies, **project.dev_dependencies} if project is not None else {}
    for module in given:
        name = "/".join(module.split("/")[: 2 if module.startswith("@") else 1])
        if name in installed:
            yield posixpath.join(call.state.cwd or "/", "node_modules", name, "package.json")


def _node_program(call: Call, script: Arg, rest: tuple[Arg, ...]) -> tuple[Effect, ...]:
    path = script.value or ""
    match = re.search(r"node_modules/(?:\.bin/([\w.-]+)|((?:@[\w.-]+/)?[\w.-]+)/)", path)
    if match and (match[1] or re.search(r"/(?:bin|cli|dist|lib)[/.]|cli", path[match.end() :])):
        name = match[1] or (match[2] or "").rpartition("/")[2]
        return tool_call(call, (Arg(value=name, text=name), *rest))
    if match and match[2] in ("puppeteer", "playwright") and "install" in path:
        where = call.home(".cache/puppeteer" if match[2] == "puppeteer" else ".cache/ms-playwright")
        writes = (f"node_modules/{match[2]}", where or "~")
        return call.write_effect("fetch", f"{match[2]} install", manager="node", writes=writes)
    if posixpath.basename(path) == "ace" and rest and rest[0].value == "build":
        return call.write_effect("build", "ace build", writes=(".",))
    return call.application_code(posixpath.basename(path), reads=call.known_paths((script,)))


def tool_effects(call: Call, kind: EffectKind) -> tuple[Effect, ...]:
    """The effects of a program in the table of Node tools."""
    return configured(call, _table_effects(call, kind))


def _table_effects(call: Call, kind: EffectKind) -> tuple[Effect, ...]:
    first = call.first
    if call.flag("--version", "-v", "--help") and len(call.args) == 1:
        return call.effect("check")
    serving = first in LANGUAGE.words("toolchain.toml", "serving", "words") or call.flag(
        "--watch", "-w", "--serve"
    )
    migrating = call.name == "prisma" and first in ("migrate", "db", "studio", "seed")
    alone = not first and call.name in LANGUAGE.words("toolchain.toml", "serving", "alone")
    if kind == "app" or serving or migrating or alone:
        scripts = (path for path in call.known_paths(call.args) if call.state.view.text(path) is not None)
        return call.application_code(first, reads=tuple(scripts))
    checking = LANGUAGE.words("toolchain.toml", "serving", "checking")
    if call.flag("--noEmit", "--no-emit", "--dry-run") or first in checking:
        return call.effect("check", first)
    if kind == "check":
        if call.flag("--fix", "--write"):
            return call.write_effect("files", Action.EDIT, writes=(".",))
        return call.effect("check", first)
    out = call.options(values("tools", "node"))
    targets = out.all("-o", "--outDir", "--out-dir", "--dist-dir", "--output-path", "--outdir", "--dest")
    if call.name in LANGUAGE.words("toolchain.toml", "serving", "copying"):
        targets = (*targets, *out.operands[-1:])
    files = settings_files(call)
    outer = configured_outputs(call, files)
    emptied = emptied_directories(call.state, call.name, files, [arg.text for arg in call.args])
    own = only_output(call) if call.state.cwd == "/" else None  # where the project is not all that is below
    return call.write_effect(
        "build",
        first if "/" not in first else "",
        writes=(own or ".", *targets, *outer),
        deletes=call.known_paths(targets) if emptied and targets else emptied,
        possible=tuple(place for place, sure in outer.items() if not sure),
        caches=call.known_paths(LANGUAGE.facts("toolchain.toml")["build_caches"].get(call.name, "").split()),
    )
