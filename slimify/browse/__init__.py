"""`slimify analyze -i`: looking around in the layers and files of an image, with dive's keys."""

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
    """Raises SlimifyError, SL755, where nothing could be shown: without Textual, or without a terminal."""
    if find_spec("textual") is None:
        hint = "pip install 'dockerfile-slimify[tui]'; without it: --html FILE"
        raise SlimifyError(NOT_INTERACTIVE, "--interactive needs the extra tui (Textual)", hint=hint)
    if not sys.stdout.isatty():
        hint = "leave out --interactive for a report that goes through pipes"
        raise SlimifyError(NOT_INTERACTIVE, "--interactive needs a terminal", hint=hint)


def run(analysis: Analysis) -> None:
    """Shows an image until the user leaves."""
    from slimify.browse.app import Browser

    if not sys.stdin.isatty():
        # The image came through standard input; the keys come from the terminal.
        with suppress(OSError):
            os.dup2(os.open("/dev/tty", os.O_RDONLY), 0)
    Browser(analysis, light=is_light(os.environ.get("COLORFGBG", ""))).run()


def is_light(colours: str) -> bool:
    """Whether a terminal says by COLORFGBG (`foreground;background`) that its background is light."""
    return colours.rpartition(";")[2] in ("7", "15")
