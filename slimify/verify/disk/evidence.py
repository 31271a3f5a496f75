"""Both images side by side: their files, and the runtime needs of the application."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any

from msgspec import Struct, field

from slimify.analysis.program import RuntimeNeeds
from slimify.facts.language_files import all_files
from slimify.facts.system import certificate_bundles, default_path, in_transient_tree, passing
from slimify.image.model import Entry, Image
from slimify.image.packages import Packages, read
from slimify.image.tree import Files
from slimify.languages import languages
from slimify.model.sources import Use
from slimify.verify.model import Constraint, Finding


class Side(Struct, frozen=True, dict=True):
    """One image. `first_own_layer` is the index of the first layer above its base image, `context_layers` are
    those of COPY and ADD from the build context."""

    image: Image
    files: Files
    first_own_layer: int
    context_layers: frozenset[int] = frozenset()

    @cached_property
    def packages(self) -> Packages:
        """The installed system packages."""
        return read(self.image.contents)

    @cached_property
    def env(self) -> Mapping[str, str]:
        """The variables of ENV."""
        items: Any = self.image.config.get("Env") or ()
        return dict(item.partition("=")[::2] for item in items)

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The directories of PATH."""
        return tuple(
            place for place in self.env.get("PATH", default_path()).split(":") if place.startswith("/")
        )

    @property
    def workdir(self) -> str:
        """WORKDIR."""
        return str(self.image.config.get("WorkingDir") or "/")

    def entry(self, path: str) -> Entry | None:
        """The entry that a path resolves to, symlinks followed; None if it does not exist."""
        return self.files.resolve(path)

    def command(self, name: str) -> str | None:
        """The path of the file that execvp would execute for a command word; None if there is none."""
        if not name:
            return None
        if "/" in name:
            places = [posixpath.normpath(posixpath.join(self.workdir, name))]
        else:
            places = [posixpath.join(place, name) for place in self.path]
        for place in places:
            entry = self.entry(place)
            if entry is not None and entry.kind in ("file", "hardlink") and entry.mode & 0o111:
                return entry.path
        return None

    def added(self) -> Iterator[Entry]:
        """The entries that layers above the base image added or changed."""
        for entry in self.files.walk():
            if (self.files.layer(entry.path) or 0) >= self.first_own_layer:
                yield entry


class Evidence(Struct, frozen=True):
    """The original and the rewritten image, the runtime needs found in Dockerfile and sources, and the paths
    in the image of each file of the context."""

    before: Side
    after: Side
    runtime_needs: RuntimeNeeds = RuntimeNeeds()
    image_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def image_path(self, use: Use) -> str:
        """The path in the image of the source file of `use`; below WORKDIR if unknown."""
        places = self.image_paths.get(use.file) or (posixpath.join(self.before.workdir, use.file),)
        return places[0]


def missing_finding(evidence: Evidence, code: str, text: str, path: str, *, command: str = "") -> Finding:
    """A finding that the rewritten image lacks `path` of the original, with the package that owns it and the
    constraint that keeps it: the package, else `command`, else the path."""
    package = evidence.before.packages.owner_of(path)
    owner = package.name if package else ""
    if owner:
        constraint = Constraint(need="package", value=owner, reason=text)
        text = f"{text}; in the original, it is part of the package {owner}"
    elif command:
        constraint = Constraint(need="command", value=command, reason=text)
    else:
        constraint = Constraint(need="path", value=path, reason=text)
    return Finding(code=code, text=text, path=path, owner=owner, constraints=(constraint,))


def certificates_constraint(evidence: Evidence, path: str, text: str) -> Constraint | None:
    """The constraint that keeps the root certificates at `path`: the package whose trigger makes the bundle.
    None if there is none."""
    if path in certificate_bundles() and evidence.before.packages.get("ca-certificates"):
        return Constraint(need="package", value="ca-certificates", reason=text)
    return None


def is_other_release(evidence: Evidence, path: str) -> bool:
    """Whether the images have two releases of the installed package that a file belongs to. Without
    development packages, the package manager may hoist a different release; other checks compare what
    requires which."""
    parts = [part for known in languages() if (part := known.installed_packages) is not None]
    sides = (evidence.before, evidence.after)
    releases = [{part.installed_release(side, path) for side in sides} for part in parts]
    return any(len(found) == 2 and "" not in found for found in releases)


def describe_ownership(entry: Entry) -> str:
    """Owner, group, mode and capabilities of a file as text."""
    capabilities = f" with capabilities {entry.capabilities}" if entry.capabilities else ""
    return f"{entry.uid}:{entry.gid} {entry.mode:04o}{capabilities}"


def is_ephemeral(path: str) -> bool:
    """Whether a path is a cache, a log, or covered by a mount of the engine."""
    if in_transient_tree(path):
        return True
    return any(name in f"{path}/" for name in _ephemeral_directories())


@cache
def _ephemeral_directories() -> tuple[str, ...]:
    return (*passing(), *(name for one in all_files() for name in one.passing))
