"""The image as the search for waste needs it: visible files, packages, sources and layers, indexed."""

from __future__ import annotations

import fnmatch
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, convert
from msgspec.structs import asdict

from slimify.analyze.layers import Origin
from slimify.analyze.model import Kind, Waste
from slimify.context.scan import Context
from slimify.facts import load, merged
from slimify.facts.language_files import all_files, files_of
from slimify.facts.system import is_system_directory
from slimify.image.layout import mapping, strings
from slimify.image.model import Entry, Image
from slimify.image.packages import Packages
from slimify.image.packages import read as read_packages
from slimify.image.tree import Files
from slimify.languages import languages

_TESTS = r"/(?:tests?|e2e)/|/test_[^/]*$"
MAX_SOURCE_BYTES = 64 * 1024 * 1024  # bytes of sources that are searched
MAX_PATHS = 50  # further paths that a finding lists


def _is_no_home(path: str) -> bool:
    """Whether the home directory of an account is not a real one: a system directory or /nonexistent."""
    return is_system_directory(path.rstrip("/") or "/") or path in ("/tmp", "/nonexistent")


class StoredFile(Struct, frozen=True, gc=False):
    """A regular file and the layer that stores it."""

    entry: Entry
    layer: int

    @property
    def path(self) -> str:
        return self.entry.path

    @property
    def size(self) -> int:
        return self.entry.size


class FileBytes(NamedTuple):
    """The bytes of a stored file that a finding counts."""

    path: str
    layer: int
    bytes: int


class WasteFinding(Struct, frozen=True, kw_only=True):
    """A finding and the bytes that it counts, so that overlapping findings add up correctly."""

    waste: Waste
    claims: tuple[FileBytes, ...] = ()


class ImageInputs(Struct, frozen=True, kw_only=True, dict=True):
    """An image with the origin of its layers, its packages and, if given, its build context."""

    image: Image
    origin: Origin
    context: Context | None = None

    @property
    def files(self) -> Files:
        return self.image.files

    @cached_property
    def packages(self) -> Packages:
        return read_packages(self.image.contents)

    @cached_property
    def stored(self) -> tuple[StoredFile, ...]:
        """The regular files that a container sees, by path."""
        leaves = self.files.leaves()
        return tuple(StoredFile(entry, index) for entry, index in leaves if entry.kind == "file")

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The variables of ENV."""
        pairs = (item.partition("=") for item in strings(self.image.config.get("Env")))
        return {name: value for name, _, value in pairs}

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """Home directories: those of accounts, of HOME, and all directories in /home."""
        accounts = self.image.contents.get("/etc/passwd", b"").decode("utf-8", "replace").split("\n")
        fields = (line.split(":") for line in accounts)
        found = ["/root", self.environment.get("HOME", "")]
        found += [parts[5] for parts in fields if len(parts) > 6]
        found += [f"/home/{name}" for name in self.files.children("/home")]
        return tuple(dict.fromkeys(h.rstrip("/") for h in found if h.startswith("/") and not _is_no_home(h)))

    @cached_property
    def start_words(self) -> tuple[str, ...]:
        """The words of ENTRYPOINT, CMD and HEALTHCHECK."""
        config = self.image.config
        health = mapping(config.get("Healthcheck")).get("Test")
        lists = (config.get("Entrypoint"), config.get("Cmd"), health)
        return tuple(word for value in lists for text in strings(value) for word in text.split())

    def files_below(self, path: str) -> Sequence[StoredFile]:
        """The files under a directory, or the file at the path itself."""
        if (found := self.file_at(path)) is not None:
            return (found,)
        prefix = path.rstrip("/") + "/"
        return self.stored[self._place(prefix) : self._place(prefix[:-1] + "0")]

    def file_at(self, path: str) -> StoredFile | None:
        """The visible regular file at a path."""
        at = self._place(path)
        return self.stored[at] if at < len(self.stored) and self.stored[at].path == path else None

    def _place(self, path: str) -> int:
        """Where a path is, or would be, among the stored files."""
        return bisect_left(self.stored, path, key=attrgetter("path"))

    def directories_named(self, name: str) -> tuple[str, ...]:
        """The outermost non-empty directories of a name (`a/b`: named b, in a directory named a)."""
        mark, text = f"/{name}/", self._directories
        found: set[str] = set()
        at = text.find(mark)
        while at >= 0:
            found.add(text[text.rindex("\0", 0, at) + 1 : at + len(mark) - 1])
            at = text.find(mark, text.index("\0", at))
        return tuple(sorted(found))

    @cached_property
    def _directories(self) -> str:
        """The directories of the stored files, each between NULs and with a slash behind it: one text is
        searched sooner than each directory."""
        return "/\0".join(("", *{item.entry.directory for item in self.stored}, ""))

    @cached_property
    def hardlinked(self) -> frozenset[str]:
        """Files with a hard link, whose removal frees no space."""
        links = (e for layer in self.image.layers for e in layer.entries if e.kind == "hardlink")
        return frozenset(link.target for link in links if self.files.get(link.path) is not None)

    def existing_paths(self, pattern: str) -> Iterator[str]:
        """The existing paths of `~/x` (in each home directory), of a path, or of a path whose last part is a
        pattern."""
        for path in [f"{home}{pattern[1:]}" for home in self.homes] if pattern[0] == "~" else [pattern]:
            above, _, name = path.rpartition("/")
            if any(char in name for char in "*?["):
                names = fnmatch.filter(self.files.children(above or "/"), name)
                yield from (f"{above}/{found}" for found in names)
            elif self.files.get(path) is not None:
                yield path

    @cached_property
    def sources_searchable(self) -> bool:
        """Whether the sources are small enough to be searched. If not, unused files can't be found."""
        held = sum(len(data) for path, data in self.image.contents.items() if is_source(path))
        files = self.context.files.items() if self.context is not None else ()
        return held + sum(size for path, size in files if is_source(f"/srv/{path}")) <= MAX_SOURCE_BYTES

    def sources(self) -> Iterator[str]:
        """The source texts of the image and of the build context."""
        return (text for _, text in self._sources())

    def sources_of(self, language: str) -> tuple[str, ...]:
        """The source texts of a language, without tests and configuration of build tools."""
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
    """Whether a file of the image is source code of the application; for the `keep` of a reader."""
    endings, _ = _source_facts()
    return path.rpartition(".")[2].lower() in endings and not _is_elsewhere(path[: path.rfind("/") + 1])


@lru_cache(256)
def _is_elsewhere(directory: str) -> bool:
    """Whether the files of a directory belong to the system or to an installed package."""
    return _source_facts()[1].search(directory) is not None


@cache
def _source_languages() -> tuple[Mapping[str, str], re.Pattern[str]]:
    """The language of each file name extension, and the pattern of tests and build configuration."""
    endings = {ending: known.name for known in languages() for ending in files_of(known.name).texts}
    tests = (_TESTS, *(pattern for one in all_files() for pattern in one.tests))
    return endings, re.compile("|".join(tests), re.IGNORECASE)


@cache
def _source_facts() -> tuple[frozenset[str], re.Pattern[str]]:
    facts = load("waste.toml")["sources"]
    return frozenset(facts["endings"]), re.compile(facts["elsewhere"])


def by_layer(files: Iterable[StoredFile]) -> dict[int, list[StoredFile]]:
    """Groups files by the layer that stores them."""
    found: dict[int, list[StoredFile]] = {}
    for item in files:
        found.setdefault(item.layer, []).append(item)
    return found


class FindingText(Struct, frozen=True, kw_only=True):
    """The texts of a finding. `safe`: its removal breaks nothing; `rewrite`: `slimify rewrite` removes it."""

    code: str
    kind: Kind
    text: str
    remedy: str
    safe: bool = False
    rewrite: bool = False


def finding_text(name: str, **values: str) -> FindingText:
    """The texts of a finding in facts/waste.toml, with values for their placeholders."""
    row = merged("waste.toml")["findings"][name].items()
    return convert({k: v.format(**values) if isinstance(v, str) else v for k, v in row}, FindingText)


def waste_finding(
    inputs: ImageInputs,
    files: Sequence[StoredFile],
    path: str,
    what: FindingText,
    *,
    layer: int | None = None,
    bytes_each: Sequence[int] = (),
) -> WasteFinding:
    """A finding about files of one layer. `layer` is the layer that causes the waste, if it is another one;
    `bytes_each` are the wasted bytes of each file, if not its whole size."""
    sizes = bytes_each or [item.size for item in files]
    blamed = files[0].layer if layer is None else layer
    largest = sorted(files, key=lambda item: (-item.size, item.path))
    return WasteFinding(
        waste=Waste(
            **asdict(what),
            bytes=sum(sizes),
            path=path,
            layer=blamed,
            line=inputs.line(blamed),
            base=inputs.is_base(blamed),
            count=len(files),
            paths=tuple(item.path for item in largest if item.path != path)[:MAX_PATHS],
        ),
        claims=tuple(
            FileBytes(item.path, item.layer, size) for item, size in zip(files, sizes, strict=True) if size
        ),
    )
