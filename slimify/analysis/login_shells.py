"""Whether run time starts a shell that reads ~/.profile or ~/.bashrc, where installers extend PATH.

All other programs find these directories by ENV PATH alone, also those that people start in the container.
"""

from __future__ import annotations

import posixpath

from slimify.analysis.program import RuntimeNeeds
from slimify.facts.shells import is_login_file, is_shell, is_shell_file, starts_login_shell
from slimify.model.effects import INSTALLS, EffectKind
from slimify.semantics.effects.state import State


def is_idle_login_file(path: str, kind: EffectKind, needs: RuntimeNeeds, end: State) -> bool:
    """Whether an installer changed a file that only login shells read, and none is started."""
    return kind in INSTALLS and is_login_file(path) and not reads_login_files(path, needs, end)


def reads_login_files(path: str, needs: RuntimeNeeds, end: State) -> bool:
    """Whether run time may start such a shell, or names the file."""
    calls = [text for started in needs.programs for text in (" ".join(started.words), started.source.text)]
    variables = [value or "" for value in end.env.values()]
    if path in needs.paths or any(posixpath.basename(path) in value for value in variables):
        return True
    if needs.dynamic or any(is_shell(use.name) for use in needs.sources.commands):
        return True
    scripts = (name for name in end.view.under("/") if is_shell_file(name))
    texts = (end.view.context.text(file) for name in scripts if (file := end.view.context_path(name)))
    return any(starts_login_shell(text or "") for text in (*calls, *texts))
