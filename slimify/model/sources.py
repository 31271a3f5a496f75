"""What source files need at run time."""

from __future__ import annotations

from msgspec import Struct


class Use(Struct, frozen=True, kw_only=True):
    """A name that a file mentions, and where. `file` is relative to the context root."""

    name: str
    file: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Module(Struct, frozen=True, kw_only=True):
    """An installed package of a language's index, and where the install is requested. `programs` are the
    commands that it is known to install. `required`: another one requires it, no manifest lists it."""

    use: Use
    language: str
    version: str | None = None  # the newest release that may be installed, if a manifest limits it
    programs: tuple[str, ...] = ()
    required: bool = False


class SourceFacts(Struct, frozen=True, kw_only=True):
    """What source files need at run time.

    `imports`: top-level module names as written (Python `yaml`, Node `express` or `@nestjs/core`, Go import
    paths). `commands`: programs they start. `started`: the command lines, for a shell. `libraries`: shared
    libraries they load by name. `paths`: files they open by a constant name. `dynamic`: calls that start a
    program whose name is not constant. `computed`: calls, and imported packages, that open files by names
    which are put together at run time; the name is that of the package, if it is one. `unread`: imported
    packages that nobody has read, and calls in packages of others, that may open files by names of their own.

    `features`: words from a fixed list: `accounts` (looks up some by name), `cgo`, `creates` (files below the
    working directory), `embed`, `net`, `executable` (asks where the program is), `tls`, `client` (opens
    connections over TLS), `tz`, `user`, `plugin`, `services` (looks up the port of some by name), `main`,
    `external` (some of what is compiled is not in the context), `unseen` (a build does not show what),
    `toolchain` (reads settings of the Go toolchain), `gobuild` (reads them through go/build).
    """

    imports: tuple[Use, ...] = ()
    commands: tuple[Use, ...] = ()
    started: tuple[Use, ...] = ()
    libraries: tuple[Use, ...] = ()
    paths: tuple[Use, ...] = ()
    dynamic: tuple[Use, ...] = ()
    computed: tuple[Use, ...] = ()
    unread: tuple[Use, ...] = ()
    features: frozenset[str] = frozenset()
    skipped: tuple[str, ...] = ()  # files too large or unreadable

    @property
    def complete(self) -> bool:
        """Whether sources were read, and all of them. Only a compiled `main` may import nothing."""
        return (bool(self.imports) or "main" in self.features) and not self.skipped

    @property
    def opens_unknown(self) -> bool:
        """Whether files are opened whose names only run time knows, or not all sources were read."""
        return bool(self.computed) or not self.complete

    @property
    def may_write_beside(self) -> bool:
        """Whether it may create files in the working directory."""
        return self.opens_unknown or bool(self.features & {"creates", "external"})

    @property
    def may_use_tls(self) -> bool:
        """Whether it may check certificates. Only sources of a compiled `main` tell that they do not."""
        return "main" not in self.features or bool(self.features & {"net", "tls", "external"})
