"""The content of a package.json in the image: its scripts, workspaces and dependencies."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from slimify.context.values import json_of, text_of
from slimify.languages.node import LANGUAGE
from slimify.languages.node.commands.outputs import emptied_directories, outputs
from slimify.languages.node.manifests.lock_files import lock_packages
from slimify.languages.node.manifests.package_json import NodeProject, node_project
from slimify.languages.node.vocabulary import RUN
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS, LEAVES_NOTHING, RUNS_CODE, Effect, EffectKind
from slimify.semantics.effects.call import Arg, Call
from slimify.semantics.effects.sequences import left_caches
from slimify.semantics.effects.state import State
from slimify.semantics.paths import inside

_OWN_EFFECTS = INSTALLS | {"packages", "prune", "compile"}
_ELSEWHERE = ("-w", "--workspace", "--workspaces", "-r", "--recursive", "--filter", "-F")  # in other packages
_DELETES = frozenset[EffectKind]({"files", "build"})  # files that a COPY may have brought


def package_json(state: State) -> Mapping[str, Any] | None:
    """The package.json of the working directory; None if it is unknown or not an object."""
    text = state.view.text(posixpath.join(state.cwd, "package.json")) if state.cwd else None
    data = json_of(text)
    return data if isinstance(data, dict) else None


def scripts(state: State) -> Mapping[str, str]:
    """The scripts of package.json. Package managers start server.js where there is no script `start`."""
    data = package_json(state) or {}
    found = data.get("scripts")
    written = {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
    is_there = state.view.context_path(posixpath.join(state.cwd or "/", "server.js")) is not None
    return {**({"start": "node server.js"} if is_there else {}), **written}


def manifests(state: State) -> tuple[str, ...]:
    """package.json, and the known lock and configuration files next to it."""
    if state.cwd is None:
        return ()
    places = (
        posixpath.join(state.cwd, name) for name in LANGUAGE.words("toolchain.toml", "installs", "inputs")
    )
    return (
        posixpath.join(state.cwd, "package.json"),
        *(p for p in places if state.view.context_path(p) is not None),
    )


def workspaces(state: State) -> tuple[str, ...]:
    """The known workspace directories below the working directory."""
    if state.cwd is None:
        return ()
    patterns = _patterns(package_json(state) or {}, state)
    wanted = [p.strip("/").removeprefix("./") for p in patterns if not p.startswith("!")]
    if not wanted:
        return ()
    found = []
    for path in state.view.under(state.cwd):
        directory, name = posixpath.split(path)
        relative = posixpath.relpath(directory, state.cwd)
        if (
            name == "package.json"
            and "node_modules" not in relative
            and any(_matches(relative, p) for p in wanted)
        ):
            found.append(directory)
    return tuple(found)


def workspace_root(state: State) -> str | None:
    """The directory that has the working directory among its workspaces."""
    above = posixpath.dirname(state.cwd) if state.cwd else ""
    while above.strip("/"):
        if state.cwd in workspaces(replace(state, cwd=above)):
            return above
        above = posixpath.dirname(above)
    return None


def _patterns(data: Mapping[str, Any], state: State) -> Sequence[str]:
    found = data.get("workspaces")
    if isinstance(found, dict):
        found = found.get("packages")
    patterns = [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
    text = state.view.text(f"{state.cwd}/pnpm-workspace.yaml") or ""
    block = re.search(r"(?m)^packages:\s*\n((?:\s*(?:-|#).*\n?|\s*\n)*)", text)
    if block:
        patterns += re.findall(r"(?m)^\s*-\s*[\"']?([^\"'\s#]+)", block[1])
    lerna = json_of(state.view.text(f"{state.cwd}/lerna.json"))
    more = lerna.get("packages") if isinstance(lerna, dict) else None
    return patterns + ([item for item in more if isinstance(item, str)] if isinstance(more, list) else [])


def _matches(path: str, pattern: str) -> bool:
    if "**" in pattern:
        return fnmatch.fnmatchcase(path, pattern)
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def dependency(state: State, name: str, *, dev: bool) -> str | None:
    """The version of a package that an install brings, from the lock file or as requested in package.json;
    None if it brings none."""
    data = package_json(state) or {}
    for key in ("dependencies", "optionalDependencies", *(("devDependencies",) if dev else ())):
        group = data.get(key)
        if isinstance(group, dict) and name in group:
            return str(group[name])
    project = project_of(state)
    locked = lock_packages(state.view.context, project).get(name) if project is not None else None
    return locked.versions[-1] if locked and locked.versions and (dev or not locked.dev) else None


def project_of(state: State) -> NodeProject | None:
    """The context project whose package.json is in the working directory."""
    path = state.view.context_path(posixpath.join(state.cwd or "/", "package.json"))
    return node_project(state.view.context, posixpath.dirname(path)) if path is not None else None


def run_script(
    call: Call, name: str, args: Sequence[Arg] = (), *, manager: str = "npm"
) -> tuple[Effect, ...]:
    """`npm run name`: one effect for the script and its hooks, then the nested effects that count
    separately."""
    known = scripts(call.state)
    base = call.state.cwd or "?"
    by_name = _kind_by_name(name)
    if name not in known:
        read = package_json(call.state) is not None
        if read and call.flag("--if-present") and not call.flag(*_ELSEWHERE):
            return call.effect("check", f"{RUN}{name}")
        absent = Reason.of("SL221", "no_script", name=name)
        missing = absent if read else Reason.of("SL221", "script", name=name)
        (head,) = _script_effect(call, name, manager, by_name or "app", (), missing)
        return (replace(head, unread="package"),)
    nested: list[Effect] = []
    state = replace(call.state, languages=call.state.languages | {"node-script"})
    for hook in (f"pre{name}", name, f"post{name}"):
        if hook in known:
            more = " ".join(arg.text for arg in args) if hook == name else ""
            nested += call.run(f"{known[hook]} {more}".strip(), state, "script", base, hook)
    tools = tuple(dict.fromkeys(tool for e in nested for tool in (e.tool, *e.tools) if tool))
    kind, why = _kind_of(nested, by_name)
    (head,) = _script_effect(call, name, manager, kind, tools, why)
    head = replace(head, reads=tuple(dict.fromkeys((*head.reads, *(p for e in nested for p in e.reads)))))
    if kind == "build":  # its scripts are executed, and may write where they say
        code = [e for e in nested if e.kind in RUNS_CODE]
        outer = dict.fromkeys((w for e in code for w in e.writes if not inside(w, base)), False)
        unknown = any(e.kind == "unknown" for e in code)
        words = re.findall(r"\.\./[^\s'\"&|;)]*", " ".join(known.values())) if unknown else ()
        outer |= outputs(state, [path for e in code for path in e.reads], words)
        possible = tuple(place for place, sure in outer.items() if not sure)
        writes, caches = (*head.writes, *outer), left_caches(nested)
        head = replace(head, writes=writes, possible=(*head.possible, *possible), caches=caches)
    making = [e for e in nested if e.kind not in LEAVES_NOTHING]
    if kind == "build" and base == "/" and not any(e.kind in RUNS_CODE or e.writes_anywhere for e in making):
        head = replace(head, writes=tuple(dict.fromkeys(w for e in making for w in e.writes)))
    if kind == "app":  # like a shell script or the recipe of a Makefile: it is what its commands are
        head = replace(head, kind="check", reads=head.manifests, writes=(), writes_anywhere=False, why=None)
        return (head, *nested)
    outer_effects = [e for e in nested if _has_outer_effect(e, call.state.cwd)]
    made = {path for e in nested for path in e.outputs}
    inner = (e for e in nested if e.kind in _DELETES and e not in outer_effects)
    deleted = [path for e in inner for path in e.deletes if path not in made]
    scripted = [path for e in nested if e.kind in RUNS_CODE for path in e.reads]
    deleted += emptied_directories(state, "node", scripted, ())
    return (replace(head, deletes=tuple(dict.fromkeys(deleted))), *outer_effects)


def some_script(call: Call, word: Arg) -> tuple[Effect, ...]:
    """A script whose name only run time knows: it may be any one of package.json."""
    return call.unknown(Reason.of("SL221", "which_script", word=word.text), unread="package")


def listed_scripts(call: Call) -> tuple[Effect, ...]:
    """`npm run` lists the scripts. Where it starts an image, people say which one it runs."""
    return call.effect("check", "run", unread="package", why=Reason.of("SL221", "some_script"))


def _script_effect(
    call: Call, name: str, manager: str, kind: EffectKind, tools: tuple[str, ...], why: Reason | None
) -> tuple[Effect]:
    cwd = call.state.cwd
    return call.effect(
        kind,
        f"{RUN}{name}",
        manager=manager,
        manifests=manifests(call.state)[:1],
        reads=(cwd,) if cwd else (),
        writes=(cwd,) if cwd and kind in ("build", "app") else (),
        tools=tools,
        writes_anywhere=kind == "app" or (cwd is None and kind == "build"),
        why=why or (Reason.of("SL221", "own_code") if kind == "app" else None),
    )


def _kind_by_name(name: str) -> EffectKind | None:
    """The kind of effect that a script's name suggests, by its first known part (`build:types`,
    `start:prod`)."""
    names = LANGUAGE.facts("commands.toml")["scripts"]
    for part in (name, *re.split(r"[:_.\-/]", name)):
        if part in names["run"]:
            return None
        if part in names["check"]:
            return "check"
        if part in names["build"]:
            return "build"
    return None


def _kind_of(nested: Sequence[Effect], by_name: EffectKind | None) -> tuple[EffectKind, Reason | None]:
    """What a script does as a whole, and why that is not known in full."""
    if all(e.kind in LEAVES_NOTHING for e in nested):
        return "check", None
    if by_name == "check":
        return ("build" if any(e.kind == "build" for e in nested) else "check"), None
    vague = [e for e in nested if e.kind in RUNS_CODE or (e.writes_anywhere and e.kind not in LEAVES_NOTHING)]
    if not vague:
        return "build", None
    if by_name == "build":
        return "build", Reason.of("SL221", "named_build", tool=vague[0].tool)
    return "app", vague[0].why


def _has_outer_effect(effect: Effect, cwd: str | None) -> bool:
    """Whether an effect inside a script does more than write below the script's directory."""
    if effect.kind in LEAVES_NOTHING | RUNS_CODE or effect.writes_anywhere:
        return False
    if effect.kind in _OWN_EFFECTS:
        return True
    inside = (cwd or "/").rstrip("/") + "/"
    places = (*effect.writes, *effect.outputs, *effect.deletes)
    return any(path != cwd and not path.startswith(inside) for path in places)


def in_workspaces(call: Call, wanted: tuple[Arg, ...], name: str, manager: str) -> tuple[Effect, ...]:
    """`--workspace X run name`: the script in the workspace with that name or directory, else in all."""
    places = workspaces(call.state)
    names = {re.sub(r"[.^{}]", "", w.value or "").strip("/") for w in wanted}
    chosen = []
    for place in places:
        data = package_json(replace(call.state, cwd=place)) or {}
        if (
            not names
            or text_of(data.get("name")) in names
            or any(place.endswith("/" + n) for n in names if n)
        ):
            chosen.append(place)
    effects: list[Effect] = []
    for place in chosen or places:
        inner = replace(call, state=replace(call.state, cwd=place))
        if name in scripts(inner.state):
            effects += run_script(inner, name, manager=manager)
    return tuple(effects) or run_script(call, name, manager=manager)
