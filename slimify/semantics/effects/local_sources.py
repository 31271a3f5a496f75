"""Packages from a directory beside that of the manifest: `file:../shared`, `-e ../lib`, `path = "../lib"`.

An installer reads them there, and often leaves no more than a link to them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec.structs import replace

from slimify.model.effects import Effect
from slimify.semantics.context_files import View
from slimify.semantics.paths import inside

_NODE = re.compile(r'"(?:file|link|portal):([^"]+)"')
_PYTHON = re.compile(r"""(?m)(?:^|[\s"'=@])(?:file:(?://)?)?((?:\.\.)?/[^\s"',;#\[\]]+)""")
_INCLUDED = re.compile(r"(?m)^[ \t]*(?:-r|--requirement)[ \t=]+([^\s#]+)")


def with_local_sources(effect: Effect, view: View) -> Effect:
    """The effect of an install with the directories outside its own that its manifests name, as far as they
    are there; any other effect as it is."""
    if effect.kind != "install" or not effect.manifests:
        return effect
    own = effect.cwd or "/"
    found = dict.fromkeys(p for m in effect.manifests for p in _named(m, own, view))
    more = tuple(p for p in found if p not in effect.reads and (own == "/" or not inside(p, own)))
    return replace(effect, reads=(*effect.reads, *more)) if more else effect


def _named(manifest: str, cwd: str, view: View) -> Iterator[str]:
    """The places that a manifest and those it includes name: pip looks from where it is executed."""
    base = posixpath.basename(manifest)
    if base.endswith((".lock", "-lock.json", "-lock.yaml")):
        return
    waiting, seen = [manifest], {manifest}
    while waiting:
        file = waiting.pop()
        text, where = view.text(file) or "", posixpath.dirname(file)
        for name in (_NODE if base == "package.json" else _PYTHON).findall(text):
            for start in dict.fromkeys((where, cwd)):
                path = posixpath.normpath(posixpath.join(start, name))
                if path != "/" and view.context_path(path) is not None:
                    yield path
        for name in _INCLUDED.findall(text) if base != "package.json" else ():
            path = posixpath.normpath(posixpath.join(where, name))
            if path not in seen:
                seen.add(path)
                waiting.append(path)
