"""Programs that require a display, in images that have none.

Clipboard packages ship such programs as a fallback.
"""

from __future__ import annotations

from slimify.facts.language_files import is_in_package
from slimify.facts.programs import display_servers
from slimify.facts.system import is_libc_file
from slimify.model.regex import regex
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.disk.start_commands import executed_files

# The client libraries of X11. A browser, for example, requires many others.
_X11_CLIENT_LIBRARY = regex(
    r"lib(?:X11(?:-xcb)?|xcb(?:-[\w-]+)?|X(?:au|aw7?|cursor|damage|dmcp|ext|fixes|i|inerama|muu?|pm|randr"
    r"|render|ss|t|tst|v)|ICE|SM)\.so(?:\.\d+)*"
)


def lacks_display(evidence: Evidence, path: str) -> bool:
    """Whether an ELF file of the rewritten image is a package's program that only talks to an X server, while
    nothing starts it and neither image has a display."""
    elf = evidence.after.image.elves[path]
    if not elf.interpreter or not is_in_package(path):
        return False
    needed = [name for name in elf.needed if not is_libc_file(name)]
    if (
        not needed
        or not all(_X11_CLIENT_LIBRARY.fullmatch(name) for name in needed)
        or _is_started(evidence, path)
    ):
        return False
    return not (_has_display(evidence.before) or _has_display(evidence.after))


def _is_started(evidence: Evidence, path: str) -> bool:
    side = evidence.after
    named = (side.command(name) for name in evidence.runtime_needs.commands)
    return path in executed_files(side) or path in named


def _has_display(side: Side) -> bool:
    return "DISPLAY" in side.env or any(side.command(name) for name in display_servers())
