"""`slimify lsp`: a language server for editors. pygls and its types are imported when it starts."""

from __future__ import annotations

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

    server.start_io()
