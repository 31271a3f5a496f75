"""What the search for waste looks at: an image's files in the shape that its questions need."""

from __future__ import annotations

import fnmatch
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from msgspec import Struct

from slimify.analyze.layers import Origin
from slimify.analyze.model import Kind, Waste
from slimify.context.scan import Context
from slimify.facts import load
from slimify.facts.language_files import all_files, files_of
from slimify.facts.system import is_system_directory
from slimify.image.layout import mapping, strings
from slimify.image.model import Image
from slimify.image.packages import Packages
from slimify.image.packages import read as read_packages
from slimify.image.tree import Files
from slimify.languages import languages

_TESTS = r"/(?:tests?|e2e)/|/test_[^/]*$"
TEXTS = 64 * 1024 * 1024  # bytes of sources that are looked through
SHOWN = 50  # further paths that a finding names


def _no_home(path: str) -> bool:
    """Whether an account's home directory is none: the system's, or one that is not there."""
    return is_system_directory(path.rstrip("/") or "/") or path in ("/tmp", "/nonexistent")


class Stored(NamedTuple):
    """A regular file, in the layer that a container sees it from, or in one that hides it."""

    path: str
    layer: int
    size: int
    digest: str = ""


class Claim(NamedTuple):
    """Bytes of a stored file that a finding is about."""

    path: str
    layer: int
    bytes: int


class Found(Struct, frozen=True, kw_only=True):
    """A finding and the bytes that it consists of, so that findings which overlap add up right."""

    waste: Waste
    claims: tuple[Claim, ...] = ()


class Sight(Struct, frozen=True, kw_only=True, dict=True):
    """An image with where its layers come from, its packages and, if given, its build context."""

    image: Image
    origin: Origin
    context: Context | None = None

    @cached_property
    def files(self) -> Files:
        return Files(self.image.layers)

    @cached_property
    def packages(self) -> Packages:
        return read_packages(self.image.contents)

    @cached_property
    def stored(self) -> tuple[Stored, ...]:
        """The regular files that a container sees, by path."""
        files = self.files
        seen = (
            Stored(entry.path, index, entry.size, entry.digest)
            for index, layer in enumerate(self.image.layers)
            for entry in {entry.path: entry for entry in layer.entries if entry.kind == "file"}.values()
            if files.layer(entry.path) == index and (there := files.get(entry.path)) and there.kind == "file"
        )
        return tuple(sorted(seen))

    @cached_property
    def _paths(self) -> list[str]:
        return [item.path for item in self.stored]

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The image's Env."""
        pairs = (item.partition("=") for item in strings(self.image.config.get("Env")))
        return {name: value for name, _, value in pairs}

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """Home directories: of the accounts, of Env, and what lies in /home."""
        accounts = self.image.contents.get("/etc/passwd", b"").decode("utf-8", "replace").split("\n")
        fields = (line.split(":") for line in accounts)
        found = ["/root", self.environment.get("HOME", "")]
        found += [parts[5] for parts in fields if len(parts) > 6]
        found += [f"/home/{name}" for name in self.files.children("/home")]
        return tuple(dict.fromkeys(h.rstrip("/") for h in found if h.startswith("/") and not _no_home(h)))

    @cached_property
    def started(self) -> tuple[str, ...]:
        """The words of ENTRYPOINT, CMD and HEALTHCHECK."""
        config = self.image.config
        health = mapping(config.get("Healthcheck")).get("Test")
        lists = (config.get("Entrypoint"), config.get("Cmd"), health)
        return tuple(word for value in lists for text in strings(value) for word in text.split())

    def below(self, path: str) -> Sequence[Stored]:
        """The files under a directory, or the file at the path itself."""
        paths = self._paths
        at = bisect_left(paths, path)
        if at < len(paths) and paths[at] == path:
            return self.stored[at : at + 1]
        prefix = path.rstrip("/") + "/"
        return self.stored[bisect_left(paths, prefix) : bisect_left(paths, prefix[:-1] + "0")]

    def at(self, path: str) -> Stored | None:
        """The visible regular file at a path."""
        at = bisect_left(self._paths, path)
        return self.stored[at] if at < len(self.stored) and self.stored[at].path == path else None

    def directories(self, name: str) -> tuple[str, ...]:
        """The directories with files in them that have a name (`a/b`: in one called a), the outer ones."""
        mark = f"/{name}/"
        found = {path[: at + len(mark) - 1] for path in self._paths if (at := path.find(mark)) >= 0}
        return tuple(sorted(found))

    @cached_property
    def linked(self) -> frozenset[str]:
        """Files with a second name: to remove one of them frees nothing."""
        links = (e for layer in self.image.layers for e in layer.entries if e.kind == "hardlink")
        return frozenset(link.target for link in links if self.files.get(link.path) is not None)

    def places(self, pattern: str) -> Iterator[str]:
        """Existing paths for `~/x` (in each home), a path, or one whose last part is a pattern."""
        for path in [f"{home}{pattern[1:]}" for home in self.homes] if pattern[0] == "~" else [pattern]:
            above, _, name = path.rpartition("/")
            if any(char in name for char in "*?["):
                names = fnmatch.filter(self.files.children(above or "/"), name)
                yield from (f"{above}/{found}" for found in names)
            elif self.files.get(path) is not None:
                yield path

    @cached_property
    def readable(self) -> bool:
        """Whether the texts of the program are few enough to be looked through. Where they aren't, what
        none of them names can't be told."""
        held = sum(len(data) for path, data in self.image.contents.items() if is_source(path))
        files = self.context.files.items() if self.context is not None else ()
        return held + sum(size for path, size in files if is_source(f"/srv/{path}")) <= TEXTS

    def sources(self) -> Iterator[str]:
        """The texts of the program: those that the image was read with, and those of the build context."""
        return (text for _, text in self._sources())

    def sources_of(self, language: str) -> tuple[str, ...]:
        """Those of a language, without tests and the settings of build tools."""
        return self._by_language.get(language, ())

    @cached_property
    def _by_language(self) -> Mapping[str, tuple[str, ...]]:
        endings, tests = _source_languages()
        found: dict[str, list[str]] = {}
        for path, text in self._sources():
            language = endings.get(path.rpartition(".")[2])
            if language and not tests.search(path):
                found.setdefault(language, []).append(text)
        return {language: tuple(texts) for language, texts in found.items()}

    def _sources(self) -> Iterator[tuple[str, str]]:
        for path, data in self.image.contents.items():
            if is_source(path):
                yield path, data.decode("utf-8", "replace")
        if self.context is not None:
            for path in self.context.files:
                if is_source(f"/srv/{path}"):
                    yield f"/{path}", self.context.text(path) or ""

    def line(self, layer: int) -> int | None:
        return self.origin.lines.get(layer)

    def is_base(self, layer: int) -> bool:
        return layer < self.origin.first_own


def is_source(path: str) -> bool:
    """Whether a file is a text of a program that was put into an image; for the `keep` of a reader."""
    endings, elsewhere = _source_facts()
    return path.rpartition(".")[2].lower() in endings and not elsewhere.search(path)


@cache
def _source_languages() -> tuple[Mapping[str, str], re.Pattern[str]]:
    """The languages of sources by their endings, and what shows that a file is a test or the like."""
    endings = {ending: known.name for known in languages() for ending in files_of(known.name).texts}
    tests = (_TESTS, *(pattern for one in all_files() for pattern in one.tests))
    return endings, re.compile("|".join(tests), re.IGNORECASE)


@cache
def _source_facts() -> tuple[frozenset[str], re.Pattern[str]]:
    facts = load("waste.toml")["sources"]
    return frozenset(facts["endings"]), re.compile(facts["elsewhere"])


def by_layer(files: Iterable[Stored]) -> dict[int, list[Stored]]:
    """Files by the layer that stores them."""
    found: dict[int, list[Stored]] = {}
    for item in files:
        found.setdefault(item.layer, []).append(item)
    return found


class Description(Struct, frozen=True, kw_only=True):
    """What a finding is about and what to do: `safe` where removing it harms nothing, `rewrite` where
    `slimify rewrite` leaves it behind."""

    code: str
    kind: Kind
    text: str
    remedy: str
    safe: bool = False
    rewrite: bool = False


def finding(
    sight: Sight,
    files: Sequence[Stored],
    path: str,
    what: Description,
    *,
    layer: int | None = None,
    bytes_each: Sequence[int] = (),
) -> Found:
    """A finding about files of one layer. `layer` is whose instruction is to blame, if not the files' own;
    `bytes_each` what is waste of each file, if not all of it."""
    sizes = bytes_each or [item.size for item in files]
    blamed = files[0].layer if layer is None else layer
    largest = sorted(files, key=lambda item: (-item.size, item.path))
    return Found(
        waste=Waste(
            code=what.code,
            kind=what.kind,
            bytes=sum(sizes),
            path=path,
            layer=blamed,
            line=sight.line(blamed),
            base=sight.is_base(blamed),
            text=what.text,
            remedy=what.remedy,
            count=len(files),
            safe=what.safe,
            rewrite=what.rewrite,
            paths=tuple(item.path for item in largest if item.path != path)[:SHOWN],
        ),
        claims=tuple(
            Claim(item.path, item.layer, size) for item, size in zip(files, sizes, strict=True) if size
        ),
    )
