"""The go command: what it builds and installs, and what it leaves in its caches."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from slimify.facts.commands import commands, values
from slimify.languages.go import LANGUAGE
from slimify.languages.go.commands.install_root import install_root as gopath
from slimify.languages.go.commands.packages import (
    binary_names,
    in_module_mode,
    made_module,
    module_files,
    module_root,
    neighbor_modules,
    package_directories,
)
from slimify.languages.go.generators import GO_ONLY, is_generator
from slimify.languages.go.vocabulary import NEIGHBOR
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect
from slimify.model.regex import regex
from slimify.semantics.effects.call import Arg, Call, Options, first_value
from slimify.semantics.effects.files import formatter_effects
from slimify.semantics.effects.state import State, absolute
from slimify.semantics.effects.table import row_effects
from slimify.semantics.paths import inside

_DIRECTIVE = regex(r"(?m)^//go:generate[ \t]+(\S.*)$")


def go(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("go", "go"), single=True)
    action, packages = options.verb
    if action in ("build", "install", "get"):
        made = {"build": _build, "install": _install, "get": _get}[action](call, options, packages)
        return tuple(_with_link_settings(call, options, packages, effect) for effect in made)
    if action in ("mod", "work"):
        return _mod(call, action, packages)
    if action in ("test", "vet", "list", "doc", "version", "fmt", "fix", "tool", "bug", "help"):
        return _reading(call, action, options, packages)
    if action == "run":
        return _run(call, packages)
    if action == "generate":
        return _generate(call, packages)
    if action == "clean":
        return call.effect("cache", "clean", manager="go", deletes=_caches(call))
    if action == "env":
        if not options.has("-w", "-u"):
            return call.effect("check", "env")
        where = call.place("GOENV", ".config/go/env")
        return call.effect("state", "env", manager="go", writes=(where,) if where else ())
    return (
        call.effect("check", action)
        if not action
        else call.unknown(Reason.of("SL221", "command", command=f"go {action}"))
    )


def _with_link_settings(call: Call, options: Options, packages: tuple[Arg, ...], effect: Effect) -> Effect:
    """The effect with the settings that decide how the program is linked and which packages it contains."""
    told: list[str] = []
    if call.state.get("CGO_ENABLED") == "0":
        told.append("CGO_ENABLED=0")
    linker = " ".join(a.text for a in options.all("-ldflags"))
    if re.search(r"-extldflags[ =]*[\"']*[^\"']*-static\b", linker):
        told.append("static")
    if options.has("-trimpath") or "-trimpath" in (call.state.get("GOFLAGS") or ""):
        told.append("trimpath")
    told += [f"tags={a.shown}" for a in options.all("-tags")]
    told += [f"packages={a.shown}" for a in packages if "..." in a.text]
    return replace(effect, settings=(*effect.settings, *told))


def _sources(call: Call, packages: tuple[Arg, ...]) -> dict[str, tuple[str, ...]]:
    """What is compiled: the directories of packages and of neighboring modules, none if the packages are
    fetched. Of a neighbor only what is imported is, which need not be a package in its own directory."""
    found = package_directories(call, packages)
    named = call.known_paths(found)
    neighbors = call.known_paths(p for p in neighbor_modules(call) if p not in named) if found else ()
    return {"reads": (*named, *neighbors), "settings": tuple(f"{NEIGHBOR}{p}" for p in neighbors)}


def _go(call: Call, action: str, **rest: Any) -> tuple[Effect]:
    rest.setdefault("caches", _caches(call))
    return call.effect("compile", action, manager="go", **rest)


def _caches(call: Call) -> tuple[str, ...]:
    build = call.cache("GOCACHE", ".cache/go-build")
    return tuple(path for path in (build, _module_cache(call)) if path and path != "off")


def _module_cache(call: Call) -> str | None:
    return _named_or_below(call, "GOMODCACHE", "pkg/mod")


def _build(call: Call, options: Options, packages: tuple[Arg, ...]) -> tuple[Effect]:
    """go build: `-o`, else a binary in the working directory for a single main package."""
    directory = options.last("-C")
    if directory is not None and directory.value is not None:
        call = _in_directory(call, directory.value)
    names, sure = binary_names(call, packages)
    build = partial(_go, call, "build", manifests=module_files(call), **_sources(call, packages))
    target = options.last("-o")
    if target is not None:
        path = call.path_of(target)
        if path is None or target.value is None:
            known = (path,) if path is not None else ()
            why = Reason.of("SL221", "output", word=target.shown)
            return build(writes=known, writes_anywhere=path is None, why=why)
        if path == "/dev/null":
            return build()
        if target.value.endswith("/") or call.state.view.is_dir(path):
            outputs = tuple(posixpath.join(path, name) for name in names) if sure else ()
            return build(outputs=outputs, writes=() if outputs else (path,))
        return build(outputs=(path,))
    cwd = call.state.cwd
    if options.value("-buildmode") in ("c-archive", "c-shared", "plugin"):
        return build(writes=(cwd,) if cwd else (), writes_anywhere=cwd is None)
    if cwd is None:
        return build(writes_anywhere=True, why=Reason.of("SL221", "cwd"))
    if not sure and len(packages) <= 1 and not _may_be_several(packages):
        return build(writes=(cwd,), why=Reason.of("SL221", "binary"))
    one = len(names) == 1 and not _may_be_several(packages)
    return build(outputs=(posixpath.join(cwd, names[0]),) if one else ())


def _may_be_several(packages: tuple[Arg, ...]) -> bool:
    """Whether the words name several packages, or a pattern that may: go build then discards the results."""
    files = [p for p in packages if (p.value or "").endswith(".go") or "*.go" in p.text]
    return (len(packages) > 1 and len(files) != len(packages)) or any("..." in p.text for p in packages)


def formatter(call: Call) -> tuple[Effect, ...]:
    return formatter_effects(call, printing=not call.flag("-w"))


def _env_output(words: str, state: State) -> str | None:
    """The output of `$(go env NAME)`."""
    verb, _, name = words.partition(" ")
    if verb != "env":
        return None
    return gopath(state) if name.strip() == "GOPATH" else state.get(name.strip())


def _in_directory(call: Call, directory: str) -> Call:
    return replace(call, state=replace(call.state, cwd=absolute(directory, call.state)))


def _bin(call: Call) -> str | None:
    return _named_or_below(call, "GOBIN", "bin")


def _named_or_below(call: Call, variable: str, directory: str) -> str | None:
    """What a variable names, by default a directory of GOPATH. None if it is not known."""
    base = gopath(call.state)
    named = call.state.get(variable)
    if named or base is None:
        return named
    return posixpath.join(base, directory) if named == "" or call.state.is_unset(variable) else None


def _platform(call: Call) -> str | None:
    """The subdirectory of GOPATH/bin for programs of another platform: "" for the build platform, None if
    only the build host knows it (go help install: $GOOS_$GOARCH)."""
    system, machine = call.state.get("GOOS") or "linux", call.state.get("GOARCH") or ""
    if call.state.get("GOBIN") or (system == "linux" and machine in ("", "amd64")):
        return ""
    return f"{system}_{machine}" if system != "linux" and machine else None


def _install(call: Call, options: Options, packages: tuple[Arg, ...]) -> tuple[Effect, ...]:
    reserved = LANGUAGE.words("toolchain.toml", "patterns", "reserved")
    if any(package.value in reserved for package in packages):
        return call.unknown(Reason.of("SL221", "command", command="go install"))
    where, below = _bin(call), _platform(call)
    names, sure = binary_names(call, [p for p in packages if not _holds_flags(p)])
    given = _sources(call, packages)
    install = partial(_go, call, "install", manifests=module_files(call) if given["reads"] else (), **given)
    if where is None:
        return install(writes_anywhere=True, why=Reason.of("SL221", "gopath"))
    if not sure or below is None:
        return install(writes=(where,), why=Reason.of("SL221", "binaries"))
    return install(outputs=tuple(posixpath.join(where, below, name) for name in names))


def _holds_flags(word: Arg) -> bool:
    """Whether a variable contains options by its name, `$GO_FLAGS`, and so names no package."""
    return word.value is None and re.fullmatch(r"\$\{?\w*(FLAGS|ARGS|OPTS|OPTIONS)\}?", word.text) is not None


def _get(call: Call, options: Options, packages: tuple[Arg, ...]) -> tuple[Effect, ...]:
    """go get: fetched into GOPATH/src and installed before modules; edits go.mod since then.

    The version of go is not always known, so both effects are listed.
    """
    base = gopath(call.state)
    if base is None:
        return _go(call, "get", writes_anywhere=True, why=Reason.of("SL221", "gopath"))
    old = module_root(call) is None or not in_module_mode(call)
    writes = [posixpath.join(base, "src")] if old else list(module_files(call))
    names, sure = binary_names(call, packages)
    where = _bin(call) if old and not options.has("-d") else None
    outputs = tuple(posixpath.join(where, name) for name in names) if where and sure else ()
    given = _sources(call, packages)
    got = _go(
        call,
        "get",
        writes=tuple(writes),
        outputs=outputs,
        possible=outputs if not given["reads"] else (),  # go get of a library makes no program
        manifests=module_files(call),
        **given,
    )
    return got if where is None or sure else (*got, *_install(call, options, packages))


def _generate(call: Call, packages: tuple[Arg, ...]) -> tuple[Effect, ...]:
    """go generate runs the commands in comments of the packages, each in its package's directory. Those that
    are not known to make sources only may make files of the application."""
    base = gopath(call.state)
    paths = [p.value for p in packages if p.value and not p.value.startswith((".", "/"))]
    sources = tuple(posixpath.join(base, "src", path.partition("...")[0]) for path in paths) if base else ()
    return call.write_effect(
        "compile" if all(map(is_generator, _directives(call))) else "build",
        "generate",
        manager="go",
        writes=(".", *sources),
        caches=_caches(call),
        reads_anything=True,  # it runs any command named in comments of the sources
    )


def _directives(call: Call) -> Iterator[str]:
    """The programs that `//go:generate` lines below the working directory start."""
    view = call.state.view
    for path in view.under(call.state.cwd or "/"):
        text = view.text(path) if path.endswith(".go") else None
        for line in _DIRECTIVE.findall(text) if text else ():
            words = line.split()
            named = [w for w in words[1:] if not w.startswith("-")][1:] if words[0] == "go" else words
            yield posixpath.basename(next(iter(named), "").partition("@")[0].strip("\"'"))


def _mod(call: Call, group: str, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    verb = first_value(words)
    action = f"{group} {verb}".strip()
    if verb in ("verify", "graph", "why"):
        return call.effect("check", action)
    root = module_root(call) or call.state.cwd
    writes: tuple[str, ...] = ()
    if root and verb in ("tidy", "init", "edit", "use", "sync"):
        writes = (posixpath.join(root, "go.mod"), posixpath.join(root, "go.sum"))
    if root and verb == "vendor":
        writes = (posixpath.join(root, "vendor"),)
    return _go(call, action, writes=writes, manifests=module_files(call))


def _reading(call: Call, action: str, options: Options, packages: tuple[Arg, ...]) -> tuple[Effect, ...]:
    caches = _caches(call) if action in ("test", "vet", "list", "tool") else ()
    if (action == "test" and options.has("-c")) or options.has("-coverprofile", "-cpuprofile"):
        return call.write_effect(
            "check",
            action,
            manager="go",
            writes=(*options.all("-o", "-coverprofile", "-cpuprofile"),),
            caches=caches,
        )
    if action in ("fmt", "fix") or options.has("-w"):
        return call.write_effect("files", Action.EDIT, manager="go", writes=(".",))
    if (
        action == "tool"
        and packages
        and packages[0].value not in ("vet", "cover", "nm", "objdump", "dist", "pprof")
    ):
        return call.write_effect("build", "tool", manager="go", writes=(".",), caches=caches)
    return call.effect("check", action, manager="go", caches=caches)


def _run(call: Call, packages: tuple[Arg, ...]) -> tuple[Effect, ...]:
    return call.effect(
        "app",
        "run",
        manager="go",
        caches=_caches(call),
        writes_anywhere=True,
        why=Reason.of("SL221", "own_code"),
        reads=_sources(call, packages)["reads"],
    )


def protoc(call: Call) -> tuple[Effect, ...]:
    """protoc writes the output of its plugins below the working directory: Go sources or anything else."""
    effects = row_effects(call, commands().known["protoc"])
    plugins = {match[1] for arg in call.args if (match := re.match(r"--([\w-]+)_out\b", arg.text))}
    if not plugins or not plugins.issubset(LANGUAGE.words("toolchain.toml", "generators", "plugins")):
        return effects
    return tuple(replace(effect, settings=(*effect.settings, GO_ONLY)) for effect in effects)


def _state_after(call: Call, state: State) -> State:
    """`go env -w X=Y` and the module of `go mod init` are stored for later go commands."""
    words = [a for a in call.args if not a.text.startswith("-")]
    if [w.value for w in words[:2]] == ["mod", "init"] and state.cwd is not None:
        return state.with_setting(
            made_module(posixpath.join(state.cwd, "go.mod")), _new_module(call, words[2:])
        )
    if call.first != "env" or not call.flag("-w"):
        return state
    for arg in call.args:
        name, equals, value = (arg.value or "").partition("=")
        if equals and name not in state.env and name.isupper():
            state = state.with_env({name: value})
    return state


def _new_module(call: Call, words: Sequence[Arg]) -> str:
    """The module that `go mod init` makes: its argument, else the directory below GOPATH/src; "" if unknown
    (go help mod init)."""
    if words:
        return words[0].value or ""
    sources = posixpath.join(gopath(call.state) or "/", "src")
    cwd = call.state.cwd or "/"
    return posixpath.relpath(cwd, sources) if cwd != sources and inside(cwd, sources) else ""


PRINTED: dict[str, Callable[[str, State], str | None]] = {"go": _env_output}
STATE_CHANGES: dict[str, Callable[[Call, State], State]] = {"go": _state_after}
