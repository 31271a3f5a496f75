"""What a COPY or ADD says, with the variables in force."""

from __future__ import annotations

import posixpath

from msgspec import Struct

from slimify.model.dockerfile import Instruction
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.state import State
from slimify.semantics.paths import join_path
from slimify.syntax.dockerfile.instructions import CopyParts, copy_parts
from slimify.syntax.dockerfile.words import expand


class CopyStep(Struct, frozen=True, kw_only=True):
    """A COPY or ADD. `sources` are context paths, addresses, or absolute paths of another stage or image."""

    parts: CopyParts
    target: str | None  # absolute; None if it is not known
    into: bool  # the target is a directory that receives the sources
    sources: tuple[str, ...] = ()
    owner: str | None = ""  # as --chown names it, "" without; None if it is not known
    view: ContextView = ContextView()  # what it brings from the context, with the directories before it

    @property
    def targets(self) -> tuple[str, ...] | None:
        """The image paths that it creates: the directory that receives the content, or single files; None if
        they are not known."""
        if self.target is None:
            return None
        copies = () if self.parts.heredocs else self.view.copies
        if not copies or any(item.directory for item in copies):
            return (self.target,)
        return tuple(dict.fromkeys(item.target for item in copies))

    @property
    def brings_files(self) -> bool:
        """Whether it may bring a file, which goes into the target if that is a directory, and not only what
        directories of the context hold. What is in stages, addresses and archives is not known here."""
        known = self.view.copies and not self.parts.heredocs
        return not known or not all(item.directory for item in self.view.copies)

    @property
    def files(self) -> frozenset[str] | None:
        """The image paths of all files that it copies from the context; None if they are not known."""
        known = self.view.copies and not self.parts.heredocs
        return frozenset(self.view.under("/")) if known else None


def read_copy(instruction: Instruction, state: State) -> CopyStep:
    """A COPY or ADD in the state before it."""
    parts, known = copy_parts(instruction), state.known_env
    dest = expand(parts.dest, known)
    target = join_path(state.cwd, dest) if dest else None
    sources = tuple(expand(s, known) or s for s in parts.sources)
    into = parts.names_directory or len(sources) > 1 or (target is not None and state.view.is_dir(target))
    view = ContextView(context=state.view.context, base=state.view.base, directories=state.view.directories)
    if parts.from_stage is not None:
        sources = tuple(posixpath.normpath(posixpath.join("/", s)) for s in sources)
    elif target is not None:
        add = parts.keyword == "ADD"
        place = f"{target.rstrip('/')}/" if into else target
        view = view.with_copy(sources, place, add=add, parents=parts.parents)
    owner = expand(parts.chown, known) if parts.chown else ""
    return CopyStep(parts=parts, target=target, into=into, sources=sources, owner=owner, view=view)
