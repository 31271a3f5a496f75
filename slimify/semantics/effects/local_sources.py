"""Packages from directories next to the project: `file:../shared`, `-e ../lib`, `path = "../lib"`.

An installer reads them there and often leaves only a link to them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.languages import language
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.context_files import ContextView
from slimify.semantics.paths import inside

if TYPE_CHECKING:
    from slimify.languages.parts import LocalSources

_PATH = regex(r"""(?m)(?:^|[\s"'=@])(?:file:(?://)?)?((?:\.\.)?/[^\s"',;#\[\]]+)""")


def with_local_sources(effect: Effect, view: ContextView) -> Effect:
    """An install that also reads the directories outside its own that its manifests name, if they exist."""
    known = language(effect.ecosystem) if effect.kind == "install" and effect.manifests else None
    part = known.local_sources if known is not None else None
    if part is None:
        return effect
    own = effect.cwd or "/"
    found = dict.fromkeys(p for m in effect.manifests for p in _named_directories(m, own, view, part))
    more = tuple(p for p in found if p not in effect.reads and (own == "/" or not inside(p, own)))
    return replace(effect, reads=(*effect.reads, *more)) if more else effect


def paths_in(text: str) -> Iterable[str]:
    """The paths outside the directory that a text names, plain or after `file:`."""
    return _PATH.findall(text)


def _named_directories(manifest: str, cwd: str, view: ContextView, part: LocalSources) -> Iterator[str]:
    """The directories that a manifest and the manifests it includes name. Installers also resolve them from
    their working directory."""
    if posixpath.basename(manifest).endswith((".lock", "-lock.json", "-lock.yaml")):
        return
    waiting, seen = [manifest], {manifest}
    while waiting:
        file = waiting.pop()
        text, where = view.text(file) or "", posixpath.dirname(file)
        for name in part.named_paths(manifest, text):
            for start in dict.fromkeys((where, cwd)):
                path = posixpath.normpath(posixpath.join(start, name))
                if path != "/" and view.context_path(path) is not None:
                    yield path
        for name in part.included_manifests(manifest, text):
            path = posixpath.normpath(posixpath.join(where, name))
            if path not in seen:
                seen.add(path)
                waiting.append(path)
