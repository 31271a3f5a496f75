"""Starts git: with the user's configuration and identity, and nothing of the process that started slimify."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from slimify.model.regex import regex
from slimify.publish.remote import TOKENS

_MAX_SECONDS = 1800
# Of git's variables, only those of the user are inherited: identity, transport, configuration. The others
# name a repository, an index or options of the git process whose hook or alias slimify may be.
_INHERITED = regex(
    r"GIT_((AUTHOR|COMMITTER)_(NAME|EMAIL)|ASKPASS|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|(KEY|VALUE)_\d+)"
    r"|EXEC_PATH|SSH(_COMMAND|_VARIANT)?|SSL_\w+|PROXY_\w+|HTTP_\w+|TRACE\w*)"
)
_SET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",  # none that runs a command of its address
}
# No hooks and no watcher, because they run in the project. Full checkouts, even if the user's are sparse.
_CONFIG = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "core.sparseCheckout=false",
    "advice.detachedHead=false",
    "gc.auto=0",
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=60",
)


def forge_tokens() -> dict[str, str]:
    """The variables with tokens of forges. git inherits none of them."""
    names = (name for names in TOKENS.values() for name in names)
    return {name: os.environ[name] for name in names if name in os.environ}


def run_git(
    words: Sequence[str],
    directory: Path,
    variables: Mapping[str, str] | None = None,
    *,
    stdin: bytes = b"",
    timeout: float = _MAX_SECONDS,
) -> subprocess.CompletedProcess[bytes]:
    """Runs git to its end. Raises OSError if it can't be started, TimeoutExpired if it takes too long."""
    tokens = forge_tokens()
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in tokens and (not key.startswith("GIT_") or _INHERITED.fullmatch(key))
    }
    options = (word for setting in _CONFIG for word in ("-c", setting))
    return subprocess.run(
        ["git", *options, *words],
        cwd=directory,
        env={**kept, **_SET, **(variables or {})},
        capture_output=True,
        check=False,
        input=stdin,
        timeout=timeout,
    )
