"""What source files need when they run."""

from __future__ import annotations

from msgspec import Struct


class Use(Struct, frozen=True, kw_only=True):
    """Something that a source file names, and where: `file` relative to the context root."""

    name: str
    file: str
    line: int


class Module(Struct, frozen=True, kw_only=True):
    """A package of a language's index that is installed, with the place that says so."""

    use: Use
    language: str
    version: str | None = None  # where it is pinned


class SourceFacts(Struct, frozen=True, kw_only=True):
    """What source files need when they run.

    `imports` are top-level module names as written (Python `yaml`, Node `express` or `@nestjs/core`, Go
    import paths); `commands` programs they start; `libraries` shared libraries they load by name; `paths`
    files they open by a constant name; `dynamic` places that start a program whose name is not constant;
    `mentioned` names that such a place may be given; `features` words from a fixed list: `cgo`, `embed`,
    `net`, `tls`, `tz`, `user`, `plugin`, `main`, `files` (names that only run time knows), `external` (some
    of what is compiled is not in the context), `toolchain` (settings of the Go toolchain are read), `gobuild`
    (some of them are, by go/build).
    """

    imports: tuple[Use, ...] = ()
    commands: tuple[Use, ...] = ()
    libraries: tuple[Use, ...] = ()
    paths: tuple[Use, ...] = ()
    dynamic: tuple[Use, ...] = ()
    mentioned: tuple[Use, ...] = ()
    features: frozenset[str] = frozenset()
    skipped: tuple[str, ...] = ()  # files too large or unreadable
