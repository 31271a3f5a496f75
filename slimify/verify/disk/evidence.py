"""Both images side by side, as their files tell, and what run time needs of them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any

from msgspec import Struct, field

from slimify.analysis.program import RuntimeNeeds
from slimify.facts.language_files import all_files
from slimify.facts.system import default_path, is_transient
from slimify.image.model import Entry, Image
from slimify.image.packages import Packages, read
from slimify.image.tree import Files
from slimify.model.sources import Use
from slimify.verify.model import Constraint, Finding

CERTIFICATE_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
)
_EPHEMERAL_DIRECTORIES = ("/.cache/", "/.git/")


class Side(Struct, frozen=True, dict=True):
    """One image. `own` is the index of the first layer that its Dockerfile's last stage made: what
    lies below came with the base image."""

    image: Image
    files: Files
    own: int

    @cached_property
    def packages(self) -> Packages:
        """Its installed system packages."""
        return read(self.image.contents)

    @cached_property
    def env(self) -> Mapping[str, str]:
        """Its ENV."""
        items: Any = self.image.config.get("Env") or ()
        return dict(item.partition("=")[::2] for item in items)

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The directories of its PATH."""
        return tuple(
            place for place in self.env.get("PATH", default_path()).split(":") if place.startswith("/")
        )

    @property
    def workdir(self) -> str:
        """Its WORKDIR."""
        return str(self.image.config.get("WorkingDir") or "/")

    def entry(self, path: str) -> Entry | None:
        """What a path leads to, links followed; None where it leads nowhere."""
        return self.files.resolve(path)

    def command(self, name: str) -> str | None:
        """The file that is executed for a command word, as execvp finds it; None if there is none."""
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
        """What its own layers brought or changed, not its base image."""
        for entry in self.files.walk():
            if (self.files.layer(entry.path) or 0) >= self.own:
                yield entry


class Evidence(Struct, frozen=True):
    """The original and the rewritten image; `live` is what the original needs at run time, as far as
    its Dockerfile and sources tell, `placed` where files of the context are in the image."""

    before: Side
    after: Side
    runtime_needs: RuntimeNeeds | None = None
    placed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def place(self, use: Use) -> str:
        """Where a source file of the context is in the image: below WORKDIR, if nobody says otherwise."""
        places = self.placed.get(use.file) or (posixpath.join(self.before.workdir, use.file),)
        return places[0]


def missing_finding(evidence: Evidence, code: str, text: str, path: str, *, command: str = "") -> Finding:
    """A finding about something of the original at `path` that the rewritten image lacks, with the
    package that owned it and what the next plan has to keep."""
    package = evidence.before.packages.owner_of(path)
    owner = package.name if package else ""
    if owner:
        constraint = Constraint(need="package", value=owner, because=text)
        text = f"{text}; in the original it comes with the package {owner}"
    elif command:
        constraint = Constraint(need="command", value=command, because=text)
    else:
        constraint = Constraint(need="path", value=path, because=text)
    return Finding(code=code, text=text, path=path, owner=owner, constraints=(constraint,))


def certificates_constraint(evidence: Evidence, path: str, text: str) -> Constraint | None:
    """What brings root certificates back: the package whose trigger makes their bundle."""
    if path in CERTIFICATE_BUNDLES and evidence.before.packages.get("ca-certificates"):
        return Constraint(need="package", value="ca-certificates", because=text)
    return None


def describe_ownership(entry: Entry) -> str:
    """Owner, group, mode and capabilities of a file as people read them."""
    capabilities = f" with capabilities {entry.capabilities}" if entry.capabilities else ""
    return f"{entry.uid}:{entry.gid} {entry.mode:04o}{capabilities}"


def is_ephemeral(path: str) -> bool:
    """Whether a path is only of the moment: caches, logs, what the engine puts over it."""
    if is_transient(path):
        return True
    return any(name in f"{path}/" for name in _ephemeral_directories())


@cache
def _ephemeral_directories() -> tuple[str, ...]:
    return (*_EPHEMERAL_DIRECTORIES, *(name for one in all_files() for name in one.passing))
