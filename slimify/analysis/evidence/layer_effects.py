"""Steps of unknown effect, with what the layer of an image shows that they wrote.

Only a step whose whole result can be copied becomes a known one: what it left lies in places of the
application's own, and it neither changed nor removed anything of the system that later steps or run
time find there. Commands of one RUN share a layer: what its known commands write is theirs, the rest
is the unknown one's.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec.structs import replace

from slimify.analysis.evidence.built_image import BuiltImage
from slimify.facts.language_files import all_files, below_home, projects
from slimify.facts.system import is_plain_root, is_scratch, is_shared_directory, is_systems
from slimify.image.tree import Files
from slimify.languages import installed_directories
from slimify.model.effects import WORKS_BY_PATH, Effect
from slimify.semantics.paths import inside, inside_any, outermost
from slimify.semantics.walk import Visit

# Where an application may lie; what a step writes elsewhere belongs to the system.
_OWN = ("/app", "/opt", "/srv", "/home", "/usr/local/bin", "/usr/src", "/var/www", "/code", "/work")
# What tools keep for their next run (XDG base directories, cargo, …). Languages have more.
_CACHES = (
    r"/(?:root|home/[^/]+)/(?:\.cache|\.cargo/registry|\.m2|\.gradle|\.wget-hsts|\.ccache)(?:/|$)"
    r"|/usr/local/share/\.cache/"
)
# Effects of which no more than the place may be unknown: they register nothing in the system.
_KINDS = WORKS_BY_PATH | {"unknown", "build", "compile", "check"}
_FEW = 3  # files of a new directory that are named, not the directory
_MOST = 8  # names in one directory that are copied one by one
_MADE_UP = re.compile(r"\d{3,}|[0-9a-f]{8,}|\d\.\d")  # names that the next build may not have


def layer_effects(
    visits: Sequence[Visit], evidence: BuiltImage
) -> tuple[tuple[Visit, ...], Mapping[int, tuple[str, ...]]]:
    """The visits with effects that are known now, and by the lines of RUNs that were unknown before, what
    they leave."""
    found = tuple(_seen(visit, evidence) for visit in visits)
    left = {
        new.instruction.line: tuple(
            p
            for e, o in zip(_all(new), _all(old), strict=True)
            if e is not o
            for p in (*e.outputs, *e.writes)
        )
        for new, old in zip(found, visits, strict=True)
        if new is not old
    }
    return found, left


def _all(visit: Visit) -> list[Effect]:
    return [e for atom in visit.effects for e in atom]


def _seen(visit: Visit, evidence: BuiltImage) -> Visit:
    effects = _all(visit)
    unknown = [e for e in effects if _is_open(e)]
    if not unknown or visit.instruction not in evidence.layers or _mounts(visit):
        return visit
    if any(e.kind not in _KINDS for e in unknown):
        return visit
    theirs = [p for e in effects if not _is_open(e) for p in (*e.writes, *e.outputs, *e.caches)]
    below = evidence.below(visit.instruction)
    written = [p for p in _written(visit, evidence, below) if not inside_any(p, theirs)]
    if not all(_is_own(p, evidence) for p in written) or _are_scripts(written, evidence):
        return visit
    removed = [p for p in evidence.removed(visit.instruction) if not _passing(p)]
    copied = _copied(written, visit, evidence, below)
    if copied is None or not all(inside_any(p, (*copied[1], *theirs)) for p in removed):
        return visit
    first = unknown[0]
    return replace(
        visit,
        effects=tuple(
            tuple(
                (_known(e, *copied) if e is first else _known(e, (), ())) if _is_open(e) else e for e in atom
            )
            for atom in visit.effects
        ),
    )


def _is_open(effect: Effect) -> bool:
    return effect.kind == "unknown" or effect.writes_anywhere


def _known(effect: Effect, files: tuple[str, ...], directories: tuple[str, ...]) -> Effect:
    return replace(
        effect,
        kind="build",
        action=effect.action or "script",
        outputs=files,
        writes=directories,
        deletes=(),
        writes_anywhere=False,
        why="",
    )


def _mounts(visit: Visit) -> bool:
    """A mount that can be written to and is no cache: what a step leaves there is in no layer."""
    mounts = [f.value or "" for f in visit.instruction.flags if f.name == "mount"]
    return any("type=bind" in m and "rw" in m.split(",") for m in mounts)


def _passing(path: str) -> bool:
    """What nothing reads after the build."""
    return is_scratch(path) or _caches().match(path) is not None


@cache
def _caches() -> re.Pattern[str]:
    kept = (below_home(p) + ("" if p.endswith("/") else "(?:/|$)") for one in all_files() for p in one.kept)
    return re.compile("|".join((_CACHES, *kept)))


def _is_own(path: str, evidence: BuiltImage) -> bool:
    """The application's: in a place of its own, and of no package of the system."""
    if evidence.packages.owner_of(path) is not None:
        return False
    return inside_any(path, (*_OWN, *projects())) or not (
        is_systems(path) or inside_any(path, ("/var", "/root", "/run"))
    )


def _are_scripts(written: Iterable[str], evidence: BuiltImage) -> bool:
    """Whether a program among them is a script, which may call anything that the image has."""
    heads = evidence.image.heads
    own = (p for p in written if installed_directories().isdisjoint(p.split("/")[1:-1]))
    return any(heads.get(p, b"").startswith(b"#!") for p in own)


def _written(visit: Visit, evidence: BuiltImage, below: Files) -> Iterator[str]:
    """The files that a step left, the directories that it made, and those whose owner or mode it changed."""
    index = evidence.layers[visit.instruction]
    for entry in evidence.image.layers[index].entries:
        if _passing(entry.path) or entry.path == "/":
            continue
        if entry.kind != "directory":
            if evidence.files.get(entry.path) is not None:  # a later step may have written it again
                yield entry.path
            continue
        old = below.get(entry.path)
        if old is None or (old.mode, old.uid, old.gid) != (entry.mode, entry.uid, entry.gid):
            yield entry.path


def _copied(
    written: Iterable[str], visit: Visit, evidence: BuiltImage, below: Files
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The files and directories to copy: what is new in a directory that was there before, by name where
    that is little and will be called the same next time, else that directory as a whole. None where it
    is one of the system's, or where a COPY would change the mode that it has."""
    groups: dict[str, set[str]] = {}
    for path in written:
        top = path
        while not is_shared_directory(above := posixpath.dirname(top)) and below.get(above) is None:
            top = above
        groups.setdefault(above, set()).add(top)
    tops: set[str] = set()
    for directory, names in groups.items():
        few = len(names) <= _MOST and all(_by_name(p, evidence) for p in names)
        if not few and is_shared_directory(directory):
            return None
        tops |= {p for top in names for p in _files(top, evidence)} if few else {directory}
    directories = outermost(sorted(p for p in tops if _is_directory(p, evidence)))
    if not all(_made_anew(p, visit, evidence) for p in directories):
        return None
    return tuple(sorted(p for p in tops if not inside_any(p, directories))), directories


def _by_name(path: str, evidence: BuiltImage) -> bool:
    """Whether COPY can name it: the next build calls it the same, and it is no link, which COPY follows."""
    entry = evidence.files.get(path)
    made_up = _MADE_UP.search(posixpath.basename(path))
    return entry is not None and entry.kind in ("file", "directory") and made_up is None


def _files(top: str, evidence: BuiltImage) -> tuple[str, ...]:
    """What to name of a directory that is new: its files, where they are few and nothing else is in it."""
    below = tuple(evidence.files.walk(top))
    files = tuple(e.path for e in below if e.kind == "file")
    others = tuple(e for e in below if e.kind != "file")
    filled = all(o.kind == "directory" and any(inside(f, o.path) for f in files) for o in others)
    few = 0 < len(files) <= _FEW and all(_by_name(p, evidence) for p in files)
    return files if few and filled else (top,)


def _is_directory(path: str, evidence: BuiltImage) -> bool:
    entry = evidence.files.get(path)
    return entry is not None and entry.kind == "directory"


def _made_anew(path: str, visit: Visit, evidence: BuiltImage) -> bool:
    """Whether COPY makes a directory as the step has left it."""
    layer = evidence.layers[visit.instruction]
    entry = Files(evidence.image.layers[: layer + 1]).get(path)
    if entry is None or is_shared_directory(path) or entry.mode != 0o755:
        return False
    return (entry.uid, entry.gid) == (0, 0) or not is_plain_root(visit.state.user)
