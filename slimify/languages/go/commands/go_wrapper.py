"""go-wrapper of golang images up to Go 1.9: fetches, installs and starts the program of a directory.

source: 1.8/go-wrapper of https://github.com/docker-library/golang (removed with Go 1.10)
"""

from __future__ import annotations

import posixpath

from msgspec.structs import replace

from slimify.languages.go.commands.go import go
from slimify.languages.go.commands.install_root import install_root as gopath
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.call import Arg, Call

_COMMENT = regex(r"(?m)^[^\S\n]*package\s+\w+\s*(?://|/\*)\s*import\s+\"([^\"\s]+)\"")


def started_program(view: ContextView, cwd: str, path: str | None) -> str:
    """The program that `go-wrapper run` starts. With an import comment or a .godir, it is named after the
    import path and located in GOPATH/bin; otherwise it is named after the directory and located on PATH."""
    inner = _import_path(view, cwd)
    name = posixpath.basename(inner or cwd)
    return posixpath.join(path, "bin", name) if inner and path else name


def _import_path(view: ContextView, cwd: str) -> str:
    sources = [p for p in view.under(cwd) if posixpath.dirname(p) == cwd and p.endswith(".go")]
    found = (_COMMENT.search(view.text(p) or "") for p in sources if not p.endswith("_test.go"))
    comment = next((match[1] for match in found if match), "")
    return comment or (view.text(posixpath.join(cwd, ".godir")) or "").strip()


def wrapper(call: Call) -> tuple[Effect, ...]:
    action = call.args[0].value if call.args else None
    cwd, path = call.state.cwd, gopath(call.state)
    if cwd is None or action not in ("download", "install", "run"):
        return call.unknown(Reason.of("SL221", "command", command="go-wrapper"))
    rest = call.args[1:]
    if action == "run":
        name = started_program(call.state.view, cwd, path)
        return call.start((Arg(value=name, text=name, prefix=name), *rest))
    words = ("get", "-v", "-d") if action == "download" else ("install", "-v")
    effects = go(replace(call, args=(*(Arg(value=w, text=w, prefix=w) for w in words), *rest)))
    inner = _import_path(call.state.view, cwd)
    if action == "install" and inner and path:  # links the directory into GOPATH
        binary = posixpath.join(path, "bin", posixpath.basename(inner))
        return tuple(replace(e, outputs=(binary,), writes=(), reads=(cwd,)) for e in effects)
    return effects
