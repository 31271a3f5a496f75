"""Paths outside its working directory that a compiler or bundler may read."""

from __future__ import annotations

import posixpath
import re

from slimify.facts.system import is_shared_directory
from slimify.model.effects import Effect

# A path as a word or as the value of an option: `/proto/a.proto`, `-I/proto`, `--proto_path=../proto`.
_PATH = re.compile(r"(?:\A|[=:]|\A-[A-Za-z])((?:\.\./|/)[^\s=:]*)")


def compiler_inputs(effect: Effect) -> tuple[str, ...]:
    """The paths that the arguments of a build name, and the parent of its working directory, where a larger
    project keeps shared settings and sources (`extends: ../tsconfig.json`). Empty for other effects."""
    if effect.kind != "build":
        return ()
    cwd = effect.cwd or "/"
    words = (w.value or "" for w in effect.command.words[1:])
    named = (posixpath.normpath(posixpath.join(cwd, path)) for word in words for path in _PATH.findall(word))
    return tuple(p for p in (posixpath.dirname(cwd), *named) if not is_shared_directory(p))
