"""`slimify lsp`: a language server for editors."""

from __future__ import annotations

import slimify
from slimify.cli.exit_codes import DONE, finish, show_error


def lsp() -> None:
    """Serve an editor over standard input and output.

    A language server: what could be smaller as you type, the role of each step with its reasons, and the
    rewrite as an edit.
    """

    def job() -> int:
        from slimify import lsp as language_server

        try:
            language_server.run()
        except slimify.SlimifyError as error:
            return show_error("slimify lsp", error)
        return DONE

    finish(job)
