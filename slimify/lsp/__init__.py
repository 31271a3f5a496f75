"""`slimify lsp`: a language server for editors. pygls and its types are imported when it starts."""

from __future__ import annotations

import os
from importlib.util import find_spec

from slimify.model.errors import SlimifyError

NO_SERVER = "SL756"


def run() -> None:
    """Serves an editor over standard input and output until it ends the session. Raises SlimifyError (SL756)
    if pygls is not installed."""
    if find_spec("pygls") is None:
        hint = "install it with pip install 'dockerfile-slimify[lsp]'"
        raise SlimifyError(NO_SERVER, "the language server requires the lsp extra (pygls)", hint=hint)
    from slimify.lsp.server import server

    # The streams of its own: it closes them, and what is printed by mistake is no message to the editor.
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        server.start_io(requests, answers)
