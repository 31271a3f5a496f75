"""Images that only serve files and execute no source of the application."""

from __future__ import annotations

from slimify.facts.image_tables import entry_scripts
from slimify.facts.language_files import all_files
from slimify.facts.servers import serves_only_files
from slimify.verify.disk.evidence import Evidence


def is_static_site(evidence: Evidence) -> bool:
    """Whether the original starts only file servers, directly or through the entry script of its base
    image."""
    started = {effect.tool for effect in evidence.runtime_needs.start} if evidence.runtime_needs else set()
    started -= {entry for entry in started & entry_scripts() if _comes_with_base(evidence, entry)}
    runners = {name for one in all_files() for name in one.runners}  # their commands are listed, too
    servers = {name for name in started if serves_only_files(name)}
    return bool(servers) and started <= servers | runners


def _comes_with_base(evidence: Evidence, command: str) -> bool:
    side = evidence.before
    layer = side.files.layer(side.command(command) or "")
    return layer is not None and layer < side.first_own_layer
