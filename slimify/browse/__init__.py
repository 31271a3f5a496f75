"""`slimify analyze -i`: an interactive view of the layers and files of an image, with dive's keys."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from slimify.model.errors import SlimifyError

if TYPE_CHECKING:
    from slimify.analyze.model import Analysis

NOT_INTERACTIVE: Final = "SL755"


def check() -> None:
    """Raises SlimifyError (SL755) unless Textual is installed and stdout is a terminal."""
    if find_spec("textual") is None:
        hint = "install it with pip install 'dockerfile-slimify[tui]', or use --html FILE"
        raise SlimifyError(NOT_INTERACTIVE, "--interactive requires the tui extra (Textual)", hint=hint)
    if not sys.stdout.isatty():
        hint = "omit --interactive to write the report to a pipe or file"
        raise SlimifyError(NOT_INTERACTIVE, "--interactive requires a terminal", hint=hint)


def run(analysis: Analysis) -> None:
    """Shows an image until the user quits."""
    from slimify.browse.app import Browser

    if not sys.stdin.isatty():
        # The image was read from standard input, so the keys are read from the terminal.
        with suppress(OSError):
            os.dup2(os.open("/dev/tty", os.O_RDONLY), 0)
    Browser(analysis, light=is_light(os.environ.get("COLORFGBG", ""))).run()


def is_light(colours: str) -> bool:
    """Whether the background is light, according to COLORFGBG (`foreground;background`)."""
    return colours.rpartition(";")[2] in ("7", "15")
