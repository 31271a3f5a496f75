"""What a compiler or bundler may read outside the directory that it is executed in."""

from __future__ import annotations

import posixpath
import re

from slimify.facts.system import is_shared_directory
from slimify.model.effects import Effect

# A path of its own, or behind an option: `/proto/a.proto`, `-I/proto`, `--proto_path=../proto`.
_PATH = re.compile(r"(?:\A|[=:]|\A-[A-Za-z])((?:\.\./|/)[^\s=:]*)")


def compiler_inputs(effect: Effect) -> tuple[str, ...]:
    """The places that a build's words name, and what lies beside its project, where settings and sources of
    a larger one are (`extends: ../tsconfig.json`); nothing for what is no build."""
    if effect.kind != "build":
        return ()
    cwd = effect.cwd or "/"
    words = (w.value or "" for w in effect.command.words[1:])
    named = (posixpath.normpath(posixpath.join(cwd, path)) for word in words for path in _PATH.findall(word))
    return tuple(p for p in (posixpath.dirname(cwd), *named) if not is_shared_directory(p))
