"""Which files of the image come from the build context.

In: the COPY and ADD instructions so far, one `with_…` call each. Out: a `ContextView`, which maps absolute
image paths to context paths and back. It knows what was copied, not what a RUN did to it afterwards.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.context.scan import Context
from slimify.facts.system import exists_everywhere

_GLOB = frozenset("*?[")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")


class CopiedPath(Struct, frozen=True):
    """A file or directory of the context, and its path in the image."""

    source: str  # context path, "" for the whole context
    target: str  # absolute image path
    directory: bool


class ContextView(Struct, frozen=True, kw_only=True):
    """The files of the image as far as the context explains them. Later copies hide earlier ones."""

    context: Context = field(default_factory=Context.empty)
    copies: tuple[CopiedPath, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()  # files written by a heredoc: image path, text
    directories: frozenset[str] = frozenset()  # known directories with their parents
    copied_directories: tuple[CopiedPath, ...] = ()  # those of `copies` that are directories

    def with_directory(self, path: str) -> ContextView:
        """The view after WORKDIR or mkdir."""
        return replace(self, directories=self.directories | _with_parents(posixpath.normpath(path)))

    def with_text(self, path: str, text: str) -> ContextView:
        """The view after a heredoc of COPY or ADD."""
        return replace(self, texts=(*self.texts, (posixpath.normpath(path), text)))

    def with_copy(
        self,
        sources: Sequence[str],
        target: str,
        cwd: str | None = "/",
        *,
        add: bool = False,
        parents: bool = False,
    ) -> ContextView:
        """The view after `COPY sources… target` from the context; `cwd` is the working directory.

        Follows the builder: a directory contributes its content; a file goes into `target` if that is a
        directory, ends with a slash, or has several sources. With `add`, URLs and archives are skipped, since
        what they leave is not a file of the context. `parents` is `--parents`. If `cwd` is unknown and the
        target relative, the view is unchanged.
        """
        if not target.startswith("/") and cwd is None:
            return self
        slash = target.endswith(("/", "/.", "/..")) or target in (".", "..")
        place = posixpath.normpath(posixpath.join(cwd or "/", target))
        found = [item for source in sources for item in self._expand(source, add=add)]
        into = slash or len(sources) > 1 or len(found) > 1 or self.is_dir(place)
        copies = list(self.copies)
        directories: set[str] = set()
        for source, directory in found:
            kept = posixpath.join(place, source) if parents else place
            if not directory and into and not parents:
                kept = posixpath.join(place, posixpath.basename(source))
            copies.append(CopiedPath(source, kept, directory))
            directories |= _with_parents(kept if directory else posixpath.dirname(kept))
        new = copies[len(self.copies) :]
        return replace(
            self,
            copies=tuple(copies),
            directories=self.directories | directories,
            copied_directories=self.copied_directories + tuple(item for item in new if item.directory),
        )

    def with_stage(
        self, other: ContextView, sources: Sequence[str], place: str, *, into: bool
    ) -> ContextView:
        """The view after `COPY --from=stage sources… place`; `other` is the view of that stage at its end.

        A directory contributes its content. A file goes into `place` if that is a directory or `into`.
        """
        view = self
        for source in (posixpath.normpath(posixpath.join("/", s)) for s in sources):
            directory = other.is_dir(source) or (bool(other.under(source)) and other.text(source) is None)
            kept = place
            if not directory and (into or self.is_dir(place)):
                kept = posixpath.join(place, posixpath.basename(source))
            view = view.with_tree(other, source, kept, directory=directory)
        return view

    def with_tree(self, other: ContextView, source: str, target: str, *, directory: bool) -> ContextView:
        """The view with everything that `other` has at or below `source` at `target`."""
        copies = list(self.copies)
        texts = list(self.texts)
        inner = [d for d in other.directories if _relative_to(d, source)]
        made = {posixpath.join(target, _relative_to(d, source) or "") for d in inner}
        for item in other.copies:
            moved = _moved(item, source, target, other.context)
            if moved is not None:
                copies.append(moved)
        for path, text in other.texts:
            rest = _relative_to(path, source)
            if rest is not None:
                texts.append((posixpath.join(target, rest) if rest else target, text))
        parents = _with_parents(target if directory else posixpath.dirname(target))
        new = copies[len(self.copies) :]
        return replace(
            self,
            copies=tuple(copies),
            texts=tuple(texts),
            directories=self.directories | parents | made,
            copied_directories=self.copied_directories + tuple(item for item in new if item.directory),
        )

    def is_dir(self, image_path: str) -> bool:
        """Whether this is known to be a directory."""
        if exists_everywhere(image_path) or image_path in self.directories:
            return True
        path = self._in_any_copy(image_path)
        return path is not None and self.context.is_dir(path)

    def context_path(self, image_path: str) -> str | None:
        """The file or directory of the context at `image_path`, None if none is known."""
        image_path = posixpath.normpath(image_path)
        for item in reversed(self.copies):
            if not item.directory:
                if item.target == image_path:
                    return item.source
                continue
            path = self._in_copy(item, image_path)
            if path is not None:
                return path
        return None

    def _in_any_copy(self, image_path: str) -> str | None:
        found = (self._in_copy(item, image_path) for item in reversed(self.copied_directories))
        return next((path for path in found if path is not None), None)

    def _in_copy(self, item: CopiedPath, image_path: str) -> str | None:
        """The context path of `image_path` within a copied directory."""
        rest = _relative_to(image_path, item.target)
        if rest is None:
            return None
        path = posixpath.join(item.source, rest) if rest else item.source
        return path if self.context.has(path) else None

    def image_paths(self, context_path: str) -> tuple[str, ...]:
        """All image paths that a file or directory of the context was copied to, first copy first."""
        path = posixpath.normpath(context_path) if context_path else ""
        path = "" if path == "." else path
        places: dict[str, None] = {}
        for item in self.copies:
            if not item.directory:
                if item.source == path:
                    places[item.target] = None
                continue
            rest = path if not item.source else _relative_to(path, item.source)
            if rest is not None:
                places[posixpath.join(item.target, rest) if rest else item.target] = None
        return tuple(places)

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
        first = next((at for at, part in enumerate(parts) if _GLOB & set(part)), len(parts))
        head, wanted = "/".join(parts[:first]), parts[first:]
        folder = posixpath.normpath(posixpath.join(cwd or "/", head or ("/" if first else "")))
        found: dict[str, None] = {}
        for path in self.under(folder):
            names = (_relative_to(path, folder) or "").split("/")
            own = names[: len(wanted)]
            whole = len(names) > len(own) if glob.endswith("/") else len(own) == len(wanted)
            if whole and all(map(_fits, own, wanted)) and self._is_in_checkouts(path):
                found["/".join((*parts[:first], *own)) + "/" * glob.endswith("/")] = None
        return tuple(found)

    def _is_in_checkouts(self, path: str) -> bool:
        place, repository = self.context_path(path), self.context.repository
        return place is None or repository is None or not repository.ignores(place)

    def under(self, image_path: str) -> tuple[str, ...]:
        """The known files at or below a directory of the image, as sorted image paths."""
        image_path = posixpath.normpath(image_path)
        return tuple(sorted({*self._under(image_path)}))

    def _under(self, image_path: str) -> Iterator[str]:
        for path, _ in self.texts:
            if _relative_to(path, image_path) is not None:
                yield path
        for item in self.copies:
            if not item.directory:
                if _relative_to(item.target, image_path) is not None:
                    yield item.target
                continue
            rest = _relative_to(image_path, item.target)
            start = item.source
            if rest is not None:
                start = posixpath.join(item.source, rest) if rest else item.source
            elif _relative_to(item.target, image_path) is None:
                continue
            for name in self.context.under(start):
                tail = _relative_to(name, item.source) if item.source else name
                if tail:
                    yield posixpath.join(item.target, tail)

    def _expand(self, source: str, *, add: bool) -> Iterator[tuple[str, bool]]:
        """The context paths that a source matches, each with whether it is a directory."""
        if add and ("://" in source or source.startswith("git@")):
            return
        path = posixpath.normpath("/" + source).lstrip("/")
        names: tuple[str, ...] = (path,)
        if _GLOB.intersection(path):
            names = self.context.glob(path, directories=True)
        for name in names:
            if add and name.endswith(_ARCHIVES):
                continue
            yield name, not name or source.endswith("/") or self.context.is_dir(name)


def _moved(item: CopiedPath, source: str, target: str, context: Context) -> CopiedPath | None:
    """What a copy of the tree `source` to `target` makes of a copied path; None if it is elsewhere."""
    rest = _relative_to(item.target, source)
    if rest is not None:
        return CopiedPath(item.source, posixpath.join(target, rest) if rest else target, item.directory)
    rest = _relative_to(source, item.target) if item.directory else None
    if not rest:
        return None
    path = posixpath.join(item.source, rest)
    return CopiedPath(path, target, context.is_dir(path)) if context.has(path) else None


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) and (not name.startswith(".") or pattern.startswith("."))


def _relative_to(path: str, directory: str) -> str | None:
    """`path` relative to `directory`: "" for the directory itself, None for a path outside."""
    if path == directory:
        return ""
    inside = directory.rstrip("/") + "/"
    return path[len(inside) :] if path.startswith(inside) else None


def _with_parents(directory: str) -> set[str]:
    found = {directory}
    while directory not in ("/", "", "//"):
        directory = posixpath.dirname(directory)
        found.add(directory)
    return found
