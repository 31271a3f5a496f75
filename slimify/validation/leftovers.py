"""What a step leaves that no program at run time can read: sources of a compiled language, and directories
that are there anyway."""

from __future__ import annotations

import re

from slimify.languages import Language, language
from slimify.model.effects import Effect
from slimify.semantics.machine.content import exists_in
from slimify.validation.comparison import Comparison


def is_directory_still(compared: Comparison, effect: Effect, path: str) -> bool:
    """Whether only an empty directory is made, and the new image has it, too."""
    return effect.tool == "mkdir" and exists_in(compared.new.final, path)


def is_generated_source(compared: Comparison, effect: Effect) -> bool:
    """Whether it generates sources of a compiled language."""
    own = language(compared.language)
    part = own.generators if own is not None and own.is_compiled else None
    return part is not None and part.generates_sources(effect)


def is_source(compared: Comparison, own: Language, effect: Effect, path: str) -> bool:
    """Whether it is a tree of sources that an installer of a compiled language leaves."""
    compiles = any(e.ecosystem == own.name for e in compared.needs.start)
    tree = effect.ecosystem == own.name and path not in effect.outputs and not path.endswith("bin")
    return own.is_compiled and bool(compared.needs.start) and tree and not compiles


def is_for_compiler(compared: Comparison, own: Language, path: str) -> bool:
    """Whether only compilers and build tools read a path, and run time starts none."""
    compiles = any(e.ecosystem == own.name for e in compared.needs.start)
    read = bool(own.compiler_files) and re.search(own.compiler_files, path) is not None
    return own.is_compiled and bool(compared.needs.start) and read and not compiles
