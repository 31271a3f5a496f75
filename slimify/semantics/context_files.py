"""Which files of the image come from the build context.

In: the COPY and ADD instructions so far, one `with_…` call each. Out: a `ContextView`, which maps absolute
image paths to context paths and back. It knows what was copied, and which of the files a step replaced.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.context.scan import Context, clean
from slimify.facts.base_directories import base_directories
from slimify.semantics.paths import ancestors, is_glob

_T = TypeVar("_T")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")


class CopiedPath(Struct, frozen=True):
    """A file or directory of the context, and its path in the image."""

    source: str  # context path, "" for the whole context
    target: str  # absolute image path
    directory: bool

    def source_of(self, image_path: str) -> str | None:
        """The context path that this copy brings to an image path, if the context has it."""
        rest = _relative_to(image_path, self.target)
        return None if rest is None or (rest and not self.directory) else _below(self.source, rest)

    def target_of(self, context_path: str) -> str | None:
        """The image path that this copy brings a context path to, None if it does not."""
        rest = _relative_to(context_path, self.source) if self.directory or self.source else None
        return None if rest is None or (rest and not self.directory) else _below(self.target, rest)


class ContextView(Struct, frozen=True, kw_only=True, dict=True):
    """The files of the image as far as the context explains them. Later copies hide earlier ones."""

    context: Context = field(default_factory=Context.empty)
    copies: tuple[CopiedPath, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()  # files written by a heredoc: image path, text
    base: frozenset[str] = field(default_factory=lambda: base_directories(None))  # directories that it has
    directories: frozenset[str] = frozenset()  # those that steps make, with their parents
    copied_directories: tuple[CopiedPath, ...] = ()  # those of `copies` that are directories
    lists: tuple[tuple[str, str], ...] = ()  # made of a manifest: image path, its context path
    made: frozenset[str] = frozenset()  # files whose content is not known, perhaps where the context had one

    def with_directory(self, path: str) -> ContextView:
        """The view after WORKDIR or mkdir."""
        return self.with_copies((), frozenset(ancestors(posixpath.normpath(path))))

    def with_text(self, path: str, text: str) -> ContextView:
        """The view after a heredoc of COPY or ADD."""
        return replace(self, texts=(*self.texts, (posixpath.normpath(path), text)))

    def with_unknown_file(self, path: str) -> ContextView:
        """The view after a step that makes a file, whose content is not known."""
        path = posixpath.normpath(path)
        if self.is_dir(path):
            return self
        texts = tuple((place, text) for place, text in self.texts if place != path)
        return replace(self, texts=texts, made=self.made | {path})

    def with_list(self, path: str, manifests: Iterable[str]) -> ContextView:
        """The view after a step that makes a list of the packages that manifests name."""
        known = next((source for m in manifests if (source := self.context_path(m)) is not None), None)
        view = self.with_unknown_file(path)
        return (
            view if known is None else replace(view, lists=(*view.lists, (posixpath.normpath(path), known)))
        )

    def with_copy(
        self, sources: Sequence[str], target: str, *, add: bool = False, parents: bool = False
    ) -> ContextView:
        """The view after `COPY sources… target` from the context, with an absolute target.

        Follows the builder: a directory contributes its content; a file goes into `target` if that is a
        directory, ends with a slash, or has several sources. With `add`, URLs and archives are skipped, since
        what they leave is not a file of the context. `parents` is `--parents`.
        """
        place = posixpath.normpath(target)
        found = [item for source in sources for item in self._expand(source, add=add)]
        into = target.endswith("/") or len(sources) > 1 or len(found) > 1 or self.is_dir(place)
        copies: list[CopiedPath] = []
        for source, directory in found:
            kept = posixpath.join(place, source) if parents else place
            if not directory and into and not parents:
                kept = posixpath.join(place, posixpath.basename(source))
            copies.append(CopiedPath(source, kept, directory))
        made = {item.target if item.directory else posixpath.dirname(item.target) for item in copies}
        return self.with_copies(copies, frozenset(path for one in made for path in ancestors(one)))

    def with_copies(self, copies: Sequence[CopiedPath], directories: frozenset[str]) -> ContextView:
        """The view with further copies, and with the directories that they make."""
        made = (p for p in self.made if not any(self._brings(item, p) for item in copies))
        return replace(
            self,
            made=frozenset(made) if copies else self.made,
            copies=(*self.copies, *copies),
            directories=self.directories | directories,
            copied_directories=(*self.copied_directories, *(item for item in copies if item.directory)),
        )

    def with_stage(
        self, other: ContextView, sources: Sequence[str], place: str, *, into: bool
    ) -> ContextView:
        """The view after `COPY --from=stage sources… place`; `other` is the view of that stage at its end."""
        view = self
        for source in (posixpath.normpath(posixpath.join("/", s)) for s in sources):
            inner = bool(other.under(source)) or any(path.startswith(f"{source}/") for path in other.made)
            directory = other.is_dir(source) or (inner and other.text(source) is None)
            kept = place
            if not directory and (into or self.is_dir(place)):
                kept = posixpath.join(place, posixpath.basename(source))
            view = view._with_tree(other, source, kept, directory=directory)
            if not directory and other.text(source) is None and other.context_path(source) is None:
                view = view.with_unknown_file(kept)
        return view

    def _with_tree(self, other: ContextView, source: str, target: str, *, directory: bool) -> ContextView:
        """The view with everything that `other` has at or below `source` at `target`."""

        def moved(path: str) -> str | None:
            rest = _relative_to(path, source)
            return None if rest is None else _below(target, rest)

        copies: list[CopiedPath] = []
        for item in other.copies:
            place, inner = moved(item.target), item.source_of(source)
            if place is not None:
                copies.append(replace(item, target=place))
            elif inner is not None and other.context.has(inner):
                copies.append(CopiedPath(inner, target, other.context.is_dir(inner)))
        texts = [(place, text) for path, text in other.texts if (place := moved(path)) is not None]
        made = {place for path in other.directories if (place := moved(path)) is not None}
        made |= {*ancestors(target if directory else posixpath.dirname(target))}
        view = self.with_copies(copies, frozenset(made))
        replaced = {place for path in other.made if (place := moved(path)) is not None}
        lists = [(place, source) for path, source in other.lists if (place := moved(path)) is not None]
        return replace(
            view,
            made=view.made | replaced,
            copies=_last_of_each(view.copies),
            texts=_last_of_each((*self.texts, *texts)),
            lists=_last_of_each((*self.lists, *lists)),
            copied_directories=_last_of_each(view.copied_directories),
        )

    def is_dir(self, image_path: str) -> bool:
        """Whether this is known to be a directory."""
        if image_path in self.base or image_path in self.directories:
            return True
        path = self._source_of(image_path, self.copied_directories)
        return path is not None and self.context.is_dir(path)

    def context_path(self, image_path: str) -> str | None:
        """The file or directory of the context at `image_path`, None if none is known."""
        image_path = posixpath.normpath(image_path)
        return None if image_path in self.made else self._source_of(image_path, self.copies)

    def manifest(self, image_path: str) -> str | None:
        """The file of the context that lists the packages of the manifest at `image_path`."""
        image_path = posixpath.normpath(image_path)
        return self.context_path(image_path) or dict(self.lists).get(image_path)

    def _source_of(self, image_path: str, copies: Sequence[CopiedPath]) -> str | None:
        """The context path at `image_path` that the last one of some copies brings."""
        brought = (item for item in reversed(copies) if self._brings(item, image_path))
        return next((item.source_of(image_path) for item in brought), None)

    def _brings(self, item: CopiedPath, image_path: str) -> bool:
        path = item.source_of(image_path)
        return path is not None and (not item.directory or self.context.has(path))

    def may_bring(self, image_path: str) -> bool:
        """Whether a copy of a directory brings an image path, in this checkout or in another one."""
        held = (item.source_of(image_path) for item in self.copied_directories)
        return any(path and not self.context.ignore.ignores(path) for path in held)

    def image_paths(self, context_path: str) -> tuple[str, ...]:
        """All image paths that a file or directory of the context was copied to, first copy first."""
        path = clean(context_path)
        found = sorted(at for above in ("", *ancestors(path)) for at in self._by_source.get(above, ()))
        places = (self.copies[at].target_of(path) for at in found)
        kept = (place for place in places if place is not None and place not in self.made)
        return tuple(dict.fromkeys(kept))

    @cached_property
    def _by_source(self) -> Mapping[str, Sequence[int]]:
        """The numbers of the copies of each file and directory."""
        found: dict[str, list[int]] = {}
        for at, item in enumerate(self.copies):
            found.setdefault(item.source, []).append(at)
        return found

    def text(self, image_path: str) -> str | None:
        """The text of an image file, None if it is unknown or binary."""
        image_path = posixpath.normpath(image_path)
        for path, text in reversed(self.texts):
            if path == image_path:
                return text
        path_ = self.context_path(image_path)
        if path_ is None or self.context.is_dir(path_):
            return None
        return self.context.text(path_)

    def matches(self, glob: str, cwd: str | None) -> tuple[str, ...]:
        """What a shell makes of a glob, as far as each checkout has the files."""
        if cwd is None and not glob.startswith("/"):
            return ()
        parts = glob.rstrip("/").split("/")
        first = next((at for at, part in enumerate(parts) if is_glob(part)), len(parts))
        head, wanted = "/".join(parts[:first]), parts[first:]
        folder = posixpath.normpath(posixpath.join(cwd or "/", head or ("/" if first else "")))
        found: dict[str, None] = {}
        for path in self.under(folder):
            names = (_relative_to(path, folder) or "").split("/")
            own = names[: len(wanted)]
            whole = len(names) > len(own) if glob.endswith("/") else len(own) == len(wanted)
            if whole and all(map(_fits, own, wanted)) and self.is_in_checkouts(path):
                found["/".join((*parts[:first], *own)) + "/" * glob.endswith("/")] = None
        return tuple(found)

    def is_in_checkouts(self, path: str) -> bool:
        """Whether no ignore rule of git keeps a copied file out of other checkouts."""
        place, repository = self.context_path(path), self.context.repository
        return place is None or repository is None or not repository.ignores(place)

    def under(self, image_path: str) -> tuple[str, ...]:
        """The known files at or below a directory of the image, as sorted image paths."""
        image_path = posixpath.normpath(image_path)
        return tuple(sorted({*self._under(image_path)}))

    def scripts_under(self, image_path: str) -> tuple[str, ...]:
        """Those of the same files whose first line names an interpreter."""
        return tuple(path for path in self.under(image_path) if (self.text(path) or "").startswith("#!"))

    def named_under(self, image_path: str) -> Iterator[tuple[str, str]]:
        """The same files, each with its path relative to the directory."""
        image_path = posixpath.normpath(image_path)
        return ((path, _relative_to(path, image_path) or ".") for path in self.under(image_path))

    def _under(self, image_path: str) -> Iterator[str]:
        for path, _ in self.texts:
            if _relative_to(path, image_path) is not None:
                yield path
        for item in self.copies:
            start = item.source_of(image_path)
            if start is None and _relative_to(item.target, image_path) is not None:
                start = item.source
            if start is not None:
                names = self.context.under(start) if item.directory else (start,)
                yield from filter(None, map(item.target_of, names))

    def _expand(self, source: str, *, add: bool) -> Iterator[tuple[str, bool]]:
        """The context paths that a source matches, each with whether it is a directory."""
        if add and ("://" in source or source.startswith("git@")):
            return
        path = posixpath.normpath("/" + source).lstrip("/")
        names: tuple[str, ...] = (path,)
        if is_glob(path):
            names = self.context.glob(path, directories=True)
        for name in names:
            if add and name.endswith(_ARCHIVES):
                continue
            yield name, not name or source.endswith("/") or self.context.is_dir(name)


def _last_of_each(items: tuple[_T, ...]) -> tuple[_T, ...]:
    """Items without those that come again: stages that copy from each other double them."""
    return tuple(reversed(dict.fromkeys(reversed(items))))


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) and (not name.startswith(".") or pattern.startswith("."))


def _relative_to(path: str, directory: str) -> str | None:
    """`path` relative to `directory`: "" for the directory itself, None for a path outside."""
    if path == directory or not directory:
        return "" if directory else path
    inside = directory.rstrip("/") + "/"
    return path[len(inside) :] if path.startswith(inside) else None


def _below(directory: str, path: str) -> str:
    """The path with `path` relative to `directory`, which "" stands for itself."""
    return posixpath.join(directory, path) if path else directory
