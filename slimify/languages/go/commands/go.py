"""The go command: what it builds, installs and leaves in its caches."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from slimify.facts.commands import commands, values
from slimify.languages.go.commands.packages import module_files, module_root, modules, named, sources
from slimify.languages.go.commands.places import base as gopath
from slimify.languages.go.generators import GO_ONLY
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call, Options
from slimify.semantics.effects.files import formatter_effects
from slimify.semantics.effects.state import State, absolute
from slimify.semantics.effects.table import row_effects

_GO_PLUGINS = frozenset(
    "go go-grpc go-vtproto gofast gogo gogofast gogofaster gogoslick grpc-gateway twirp".split()
)


def go(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("go", "go"), single=True)
    words = options.operands
    action = (words[0].value or "") if words else ""
    packages = words[1:]
    if action == "build":
        return (_told(call, options, packages, _build(call, options, packages)),)
    if action == "install":
        return (_told(call, options, packages, _install(call, action, packages)),)
    if action == "get":
        return (_told(call, options, packages, _get(call, options, packages)),)
    if action in ("mod", "work"):
        return (_mod(call, action, packages),)
    if action in ("test", "vet", "list", "doc", "version", "fmt", "fix", "tool", "bug", "help"):
        return (_looking(call, action, options, packages),)
    if action == "run":
        return _run(call, packages)
    if action == "generate":
        return (_generate(call, packages),)
    if action == "clean":
        return (call.effect("cache", "clean", manager="go", deletes=_caches(call)),)
    if action == "env":
        if not options.has("-w", "-u"):
            return (call.effect("check", "env"),)
        where = call.state.get("GOENV") or call.home(".config/go/env")
        return (call.effect("state", "env", manager="go", writes=(where,) if where else ()),)
    return (
        (call.effect("check", action),)
        if not action
        else (call.unknown(f"the effect of `go {action}` is unknown"),)
    )


def _told(call: Call, options: Options, packages: tuple[Arg, ...], effect: Effect) -> Effect:
    """The effect with what decides how the program is linked and which packages it is made of."""
    told: list[str] = []
    if call.state.get("CGO_ENABLED") == "0":
        told.append("CGO_ENABLED=0")
    linker = " ".join(a.text for a in options.all("-ldflags"))
    if re.search(r"-extldflags[ =]*[\"']*[^\"']*-static\b", linker):
        told.append("static")
    told += [f"tags={a.shown}" for a in options.all("-tags")]
    told += [f"packages={a.shown}" for a in packages if "..." in a.text]
    return replace(effect, settings=tuple(told))


def _go(call: Call, action: str, **rest: Any) -> Effect:
    rest.setdefault("caches", _caches(call))
    return call.effect("compile", action, manager="go", **rest)


def _caches(call: Call) -> tuple[str, ...]:
    build = call.state.get("GOCACHE") or call.home(".cache/go-build")
    return tuple(path for path in (build, _module_cache(call)) if path and path != "off")


def _module_cache(call: Call) -> str | None:
    base = gopath(call.state)
    return call.state.get("GOMODCACHE") or (posixpath.join(base, "pkg/mod") if base else None)


def _build(call: Call, options: Options, packages: tuple[Arg, ...]) -> Effect:
    """go build: `-o`, else a binary in the working directory if there is one main package."""
    directory = options.last("-C")
    if directory is not None and directory.value is not None:
        call = _moved(call, directory.value)
    names, sure = named(call, packages)
    reads = call.known_paths(sources(call, packages))
    manifests = module_files(call)
    target = options.last("-o")
    if target is not None:
        path = call.path_of(target)
        if path is None or target.value is None:
            known = (path,) if path is not None else ()
            why = f"the output {target.shown} is unknown"
            return _go(
                call,
                "build",
                writes=known,
                writes_anywhere=path is None,
                why=why,
                reads=reads,
                manifests=manifests,
            )
        if path == "/dev/null":
            return _go(call, "build", reads=reads, manifests=manifests)
        if target.value.endswith("/") or call.state.view.is_dir(path):
            outputs = tuple(posixpath.join(path, name) for name in names) if sure else ()
            return _go(
                call,
                "build",
                outputs=outputs,
                writes=() if outputs else (path,),
                reads=reads,
                manifests=manifests,
            )
        return _go(call, "build", outputs=(path,), reads=reads, manifests=manifests)
    cwd = call.state.cwd
    if options.value("-buildmode") in ("c-archive", "c-shared", "plugin"):
        return _go(
            call,
            "build",
            writes=(cwd,) if cwd else (),
            writes_anywhere=cwd is None,
            reads=reads,
            manifests=manifests,
        )
    if cwd is None:
        return _go(
            call, "build", writes_anywhere=True, why="the working directory is unknown", manifests=manifests
        )
    if not sure and len(packages) <= 1 and not _many(packages):
        return _go(
            call,
            "build",
            writes=(cwd,),
            why="the name of the binary is unknown",
            reads=reads,
            manifests=manifests,
        )
    outputs = (posixpath.join(cwd, names[0]),) if len(names) == 1 and not _many(packages) else ()
    return _go(call, "build", outputs=outputs, reads=reads, manifests=manifests)


def _many(packages: tuple[Arg, ...]) -> bool:
    """Several packages, or a pattern that may be several: go build throws their results away."""
    files = [p for p in packages if (p.value or "").endswith(".go") or "*.go" in p.text]
    return (len(packages) > 1 and len(files) != len(packages)) or any("..." in p.text for p in packages)


def _formatter(call: Call) -> tuple[Effect, ...]:
    return formatter_effects(call, printing=not call.flag("-w"))


def _printed(words: str, state: State) -> str | None:
    """`$(go env NAME)`."""
    verb, _, name = words.partition(" ")
    if verb != "env":
        return None
    return gopath(state) if name.strip() == "GOPATH" else state.get(name.strip())


def _moved(call: Call, directory: str) -> Call:
    return replace(call, state=replace(call.state, cwd=absolute(directory, call.state)))


def _bin(call: Call) -> str | None:
    base = gopath(call.state)
    return call.state.get("GOBIN") or (posixpath.join(base, "bin") if base else None)


def _platform(call: Call) -> str | None:
    """Where below GOPATH/bin programs for another platform go: "" for those of the platform it runs on,
    None where only the machine that builds knows (go help install: $GOOS_$GOARCH)."""
    system, machine = call.state.get("GOOS") or "linux", call.state.get("GOARCH") or ""
    if call.state.get("GOBIN") or (system == "linux" and machine in ("", "amd64")):
        return ""
    return f"{system}_{machine}" if system != "linux" and machine else None


def _install(call: Call, action: str, packages: tuple[Arg, ...]) -> Effect:
    where, below = _bin(call), _platform(call)
    names, sure = named(call, [p for p in packages if not _flags(p)])
    reads = call.known_paths(sources(call, packages))
    manifests = module_files(call) if reads else ()
    if where is None:
        return _go(call, action, writes_anywhere=True, why="GOPATH is unknown", reads=reads)
    if not sure or below is None:
        return _go(
            call,
            action,
            writes=(where,),
            why="the names of the binaries are unknown",
            reads=reads,
            manifests=manifests,
        )
    return _go(
        call,
        action,
        outputs=tuple(posixpath.join(where, below, name) for name in names),
        reads=reads,
        manifests=manifests,
    )


def _flags(word: Arg) -> bool:
    """A variable that is called after the options in it, `$GO_FLAGS`: it names no package."""
    return word.value is None and re.fullmatch(r"\$\{?\w*(FLAGS|ARGS|OPTS|OPTIONS)\}?", word.text) is not None


def _get(call: Call, options: Options, packages: tuple[Arg, ...]) -> Effect:
    """go get: before modules it fetched into GOPATH/src and installed what it got; later it edits go.mod.

    Which go it is is not always known, so both are listed.
    """
    base = gopath(call.state)
    if base is None:
        return _go(call, "get", writes_anywhere=True, why="GOPATH is unknown")
    old = module_root(call) is None or not modules(call)
    writes = [posixpath.join(base, "src")] if old else list(module_files(call))
    outputs: list[str] = []
    names, sure = named(call, packages)
    where = _bin(call)
    if where and old and not options.has("-d"):
        if sure:
            outputs = [posixpath.join(where, name) for name in names]
        else:
            writes.append(where)
    reads = call.known_paths(sources(call, packages))
    files = module_files(call)
    return _go(call, "get", writes=tuple(writes), outputs=tuple(outputs), reads=reads, manifests=files)


def _generate(call: Call, packages: tuple[Arg, ...]) -> Effect:
    """go generate runs what comments in the packages say, each in its package's directory."""
    base = gopath(call.state)
    paths = [p.value for p in packages if p.value and not p.value.startswith((".", "/"))]
    sources = tuple(posixpath.join(base, "src", path.partition("...")[0]) for path in paths) if base else ()
    return call.write_effect(
        "compile",
        "generate",
        manager="go",
        writes=(".", *sources),
        caches=_caches(call),
        reads_anything=True,  # it starts whatever comments in the sources say
    )


def _mod(call: Call, group: str, words: tuple[Arg, ...]) -> Effect:
    verb = (words[0].value or "") if words else ""
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


def _looking(call: Call, action: str, options: Options, packages: tuple[Arg, ...]) -> Effect:
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
        return call.write_effect("files", action, manager="go", writes=(".",))
    if (
        action == "tool"
        and packages
        and packages[0].value not in ("vet", "cover", "nm", "objdump", "dist", "pprof")
    ):
        return call.write_effect("build", "tool", manager="go", writes=(".",), caches=caches)
    return call.effect("check", action, manager="go", caches=caches)


def _run(call: Call, packages: tuple[Arg, ...]) -> tuple[Effect, ...]:
    effect = call.effect(
        "app",
        "run",
        manager="go",
        caches=_caches(call),
        writes_anywhere=True,
        why="runs the application's own code",
        reads=call.known_paths(sources(call, packages)),
    )
    return (effect,)


def _protoc(call: Call) -> tuple[Effect, ...]:
    """protoc writes below the working directory what its plugins make, Go sources or anything else."""
    effects = row_effects(call, commands().known["protoc"])
    plugins = {match[1] for arg in call.args if (match := re.match(r"--([\w-]+)_out\b", arg.text))}
    if not plugins or not plugins <= _GO_PLUGINS:
        return effects
    return tuple(replace(effect, settings=(*effect.settings, GO_ONLY)) for effect in effects)


def _state_after(call: Call, state: State) -> State:
    """`go env -w X=Y` is remembered for later go commands."""
    if call.first != "env" or not call.flag("-w"):
        return state
    for arg in call.args:
        name, equals, value = (arg.value or "").partition("=")
        if equals and name not in state.env and name.isupper():
            state = state.with_env({name: value})
    return state


HANDLERS: dict[str, Callable[[Call], tuple[Effect, ...]]] = {
    "go": go,
    "go1": go,
    **dict.fromkeys(("gofmt", "gofumpt", "goimports"), _formatter),
    "protoc": _protoc,
    "xx-go": go,
    "garble": go,
    "tinygo": go,
    "richgo": go,
}
PRINTED: dict[str, Callable[[str, State], str | None]] = {"go": _printed}
STATE_CHANGES: dict[str, Callable[[Call, State], State]] = {"go": _state_after}
