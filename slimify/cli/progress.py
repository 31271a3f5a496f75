"""Shows the progress of builds on standard error: one live line on a terminal, else one line per step."""

from __future__ import annotations

import shutil
import sys
import threading
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from slimify.engine.model import Progress
    from slimify.verify.model import Round


class LiveProgress:
    """Shows the progress of parallel builds. `close` clears the line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._lock = threading.Lock()
        self._seen: dict[str, str] = {}
        self._now: dict[str, str] = {}

    def progress(self, at: Progress) -> None:
        """Called from build threads."""
        steps = f" {at.step}/{at.steps}" if at.steps else ""
        text = " ".join(at.text.split())
        with self._lock:
            if self._terminal:
                self._now[at.label] = f"{at.label}{steps} {text[:30]} {at.elapsed:.0f} s"
                width = shutil.get_terminal_size().columns - 1
                self._stream.write("\r\x1b[K" + " | ".join(self._now.values())[:width])
                self._stream.flush()
            elif text and self._seen.get(at.label) != f"{steps}{text}":
                self._seen[at.label] = f"{steps}{text}"
                self._stream.write(f"{at.label}:{steps} {text[:100]} ({at.elapsed:.0f} s)\n")

    def turn(self, turn: Round) -> None:
        """Called after each round of repair."""
        self.close()
        what = ", ".join(f"{item.need} {item.value}".strip() for item in turn.constraints)
        needs = f", needs {what}" if what else ""
        self._stream.write(f"{turn.rung}: {turn.verdict}{needs}\n")

    def close(self) -> None:
        """Clears the live line."""
        with self._lock:
            if self._terminal and self._now:
                self._stream.write("\r\x1b[K")
                self._stream.flush()
            self._now.clear()
