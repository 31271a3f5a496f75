"""Draws the picture of README and of the site: a terminal in which slimify rewrites a golden case.

    python docs/picture.py          # writes docs/images/rewrite.svg

The session is real: the command runs in a pseudo-terminal, and the picture shows what it printed.
"""

from __future__ import annotations

import fcntl
import html
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "rewrite.svg"
CASE, COMMAND, WIDTH = "py-psycopg2", ("rewrite",), 100
_FONT = re.compile(r"@font-face \{\{.*?\}\}\n", re.DOTALL)


def session() -> str:
    """What the command prints in a terminal, with its colours."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    own = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    subprocess.run(
        [sys.executable, "-m", "slimify", *COMMAND],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        cwd=ROOT / "golden" / CASE / "input",
        env={"PATH": os.environ["PATH"], **own},
        check=True,
    )
    os.close(follower)
    output = b""
    while True:
        try:
            read = os.read(leader, 65536)
        except OSError:  # Linux's end of a terminal
            break
        if not read:
            break
        output += read
    os.close(leader)
    return f"\x1b[1;32m$\x1b[0m slimify {' '.join(COMMAND)}\n{output.decode().replace(chr(13), '')}"


def svg(text: str) -> str:
    """A terminal with a text. It refers to nothing elsewhere: the font is one that the reader has."""
    from rich._export_format import CONSOLE_SVG_FORMAT
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(text), highlight=False, no_wrap=True, overflow="ignore", crop=False)
    plain = _FONT.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code,", "")
    return console.export_svg(title=f"golden/{CASE}/input", code_format=plain, unique_id="slimify")


def lines(picture: str) -> list[str]:
    """The text of a picture, line by line."""
    found: dict[float, list[tuple[float, str]]] = {}
    texts = re.findall(r'<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*clip-path[^>]*>(.*?)</text>', picture)
    for x, y, text in texts:
        found.setdefault(float(y), []).append((float(x), html.unescape(text).replace("\xa0", " ")))
    return ["".join(text for _, text in sorted(row)).rstrip() for _, row in sorted(found.items())]


if __name__ == "__main__":
    PICTURE.write_text(svg(session()), "utf-8")
