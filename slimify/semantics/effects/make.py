"""make, configure, cmake, ninja: builds, and what `install` writes to the system."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from slimify.context.make.targets import Makefile, Recipe, read, recipe
from slimify.facts import load
from slimify.facts.commands import values
from slimify.model.decisions import Reason
from slimify.model.effects import LEAVES_NOTHING, Effect
from slimify.semantics.effects.call import Arg, Call, Options
from slimify.semantics.effects.printed import output
from slimify.semantics.effects.state import absolute
from slimify.syntax.shell.script import read as shell_script

_VALUES = ("-C", "--directory", "-f", "--file", "--makefile", "-I", "-o", "-W", "-l")
_NAMES = ("GNUmakefile", "makefile", "Makefile")


def make(call: Call) -> tuple[Effect, ...]:
    """make: the recipes of its goals if the Makefile is known, else a build below the directory."""
    options = call.options((*_VALUES, "-j") if _has_separate_jobs(call) else _VALUES)
    if options.has("--version", "-v", "-n", "--dry-run", "-q"):
        return call.effect("check")
    call = _in_directory(call, options)
    goals: list[str] = []
    variables: dict[str, str] = {}
    for word in options.operands:
        match = re.match(
            r"([\w.]+)\s*(?::|\+)?=(.*)", word.value if word.value is not None else word.text, re.DOTALL
        )
        if match:
            if word.value is not None:
                variables[match[1]] = match[2]
        elif word.value is None:
            return call.unknown(Reason.of("SL221", "make_target", word=word.text))
        else:
            goals.append(word.value)
    found = _makefile(call, options)
    if found is None:
        return _unread_makefile(call, goals, variables)
    path, makefile = found
    known = {"CURDIR": call.state.cwd, **call.state.env}
    done = recipe(makefile, goals, variables, {k: v for k, v in known.items() if v is not None})
    effects = [e for g in done.missing for e in _unread_makefile(call, [g] if g else [], variables)]
    effects += _recipe_effects(call, done, path, variables)
    tools = tuple(dict.fromkeys(tool for e in effects for tool in (e.tool, *e.tools) if tool))
    head = call.effect("check", " ".join(goals), manifests=(path,), reads=(path,), tools=tools)
    return (*head, *effects)


def _has_separate_jobs(call: Call) -> bool:
    """Whether the number of `-j 4` is a separate word."""
    words = [a.value for a in call.args]
    return any(w == "-j" and (after or "x").isdigit() for w, after in pairwise(words))


def _in_directory(call: Call, options: Options) -> Call:
    for word in options.all("-C", "--directory"):
        place = absolute(word.value, call.state) if word.value is not None else None
        call = replace(call, state=replace(call.state, cwd=place))
    return call


def _makefile(call: Call, options: Options) -> tuple[str, Makefile] | None:
    cwd = call.state.cwd
    if cwd is None:
        return None
    view = call.state.view
    named = options.value("-f", "--file", "--makefile")
    for name in (named,) if named else _NAMES:
        path = posixpath.join(cwd, name)
        text = view.text(path)
        if text is not None:
            return path, replace(
                read(text, name),
                include=lambda other: view.text(posixpath.join(cwd, other)),
                matches=lambda glob: view.matches(glob, cwd),
                output=lambda command: output(command, call.state),
            )
    return None


def _recipe_effects(call: Call, done: Recipe, path: str, variables: dict[str, str]) -> Iterator[Effect]:
    """The effects of a recipe. Like make, every line runs in its own shell. A line that can't be read builds
    below the directory, as a Makefile does that nobody has read."""
    state = replace(call.state.with_env({**done.exports, **variables}), shell=(done.shell, "-c"))
    lines = done.lines
    if done.one_shell and lines:
        lines = (replace(lines[0], text="\n".join(line.text for line in lines)),)
    for line in lines:
        opaque = shell_script(line.text).opaque
        if opaque:
            why = Reason.of("SL221", "opaque", why=opaque)
            yield from call.write_effect("build", line.target, writes=(".",), unread="context", why=why)
            continue
        place = posixpath.join(call.state.cwd or "/", line.file) if line.file else path
        effects = call.run(line.text, state, "make", place, line.target, line.text, line=line.number)
        for effect in effects:
            fails = line.may_fail and effect.kind not in LEAVES_NOTHING
            yield replace(effect, possible=(*effect.writes, *effect.outputs)) if fails else effect


def _unread_makefile(call: Call, goals: list[str], variables: dict[str, str]) -> tuple[Effect, ...]:
    """A make call whose Makefile is not known, as in downloaded sources."""
    installing = [g for g in goals if re.match(r"(?:alt)?install|.*[-_]install\Z|install[-_].*", g)]
    if ("clean" in goals and len(goals) == 1) or goals == ["distclean"]:
        return call.write_effect("build", " ".join(goals), writes=(".",), why=Reason.of("SL221", "makefile"))
    if goals and all(g in ("test", "check", "lint", "vet") for g in goals):
        return call.effect("check", " ".join(goals))
    writes: tuple[Arg | str, ...] = (".",)
    if installing:
        told = variables.get("PREFIX") or variables.get("prefix") or call.state.settings.get("prefix")
        prefix = f"{variables.get('DESTDIR', '')}{told or '/usr/local'}"
        loaded = _loaded(call) if prefix == "/usr" else ()  # its other files are those of the system, too
        writes = (".", *(f"{prefix}/{path}" for path in loaded or ("",)))
    return call.write_effect("build", " ".join(goals), writes=writes, why=Reason.of("SL221", "makefile"))


def _loaded(call: Call) -> Sequence[str]:
    """What programs load of the sources in the working directory, below the prefix; () if that is unknown."""
    directory = posixpath.basename(call.state.cwd or "")
    addresses = [value for name, value in call.state.settings.items() if name.startswith("address of ")]
    rows = ((*names.split(), files.split()) for names, files in load("make.toml")["loaded"].items())
    return next(
        (f for archive, name, f in rows if name == directory and any(archive in a for a in addresses)), ()
    )


def install_prefix(call: Call) -> str | None:
    """The prefix given to configure or cmake, used by the later `make install`."""
    for arg in call.args:
        match = re.match(r"(?:--prefix|-DCMAKE_INSTALL_PREFIX(?::\w+)?)=(/.*)", arg.value or "")
        if match:
            return match[1].rstrip("/") or "/"
    return None


def cmake(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("cmake"))
    if options.has("--version", "--help"):
        return call.effect("check")
    targets = [a.value for a in (*options.all("--target", "-t"), *options.operands)]
    writes: list[Arg | str] = [".", *options.all("-B", "--build", "--install")]
    if options.has("--install") or "install" in targets:
        writes.append(options.value("--prefix") or call.state.settings.get("prefix") or "/usr/local")
    if options.has("--build"):
        writes += list(options.operands[:1])
    return call.write_effect("build", call.first if call.name != "cmake" else "", writes=writes)
