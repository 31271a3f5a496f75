"""The streams of the process: what may be written to them, in which colors, and how wide."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal, TextIO, TypedDict

import slimify

if TYPE_CHECKING:
    from slimify.report.ansi import Paint

_FAILED = 4  # the exit code if output can't be written
_MOST = 10  # decisions of one file that are shown without --verbose

Color = Literal["auto", "always", "never"]


class Output:
    """What the options of every command ask for."""

    def __init__(self, *, verbose: bool = False, quiet: bool = False, color: Color = "auto") -> None:
        self.verbose, self.quiet, self.color = verbose, quiet, color

    @property
    def most(self) -> int | None:
        """The number of decisions that are shown of one file."""
        return None if self.verbose else _MOST


output = Output()


def configure(asked: Output) -> None:
    """Applies the options to all that is printed from now on."""
    global output
    output = asked


def show_version() -> None:
    """Prints the version."""
    write_stdout(f"slimify {slimify.__version__}\n")


def write_stdout(content: str, *, commands: bool = False) -> None:
    """Writes to standard output. Bytes of the Dockerfile are unchanged, regardless of locale and platform."""
    write_stdout_bytes(content.encode("utf-8", "surrogateescape"), commands=commands)


def write_stdout_bytes(content: bytes, *, commands: bool = False) -> None:
    """Writes bytes to standard output.

    Raises OSError in the log of GitHub Actions if a line would be a command to its runner
    (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands), unless `commands`
    says that such lines are slimify's own."""
    if not commands and os.environ.get("GITHUB_ACTIONS") and _is_command(content):
        raise OSError(
            errno.EPERM, "GitHub Actions would take a line of it for a command; redirect it to a file"
        )
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _is_command(content: bytes) -> bool:
    from slimify.report.printable import RUNNER_COMMAND

    if not RUNNER_COMMAND.search(content):
        return False
    try:
        return not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):  # no file descriptor
        return True


def write_report(text: str) -> None:
    """Writes a report for people to standard output. Nothing in it is live, wherever it comes from."""
    from slimify.report.printable import report

    write_stdout(report(text))


def write_stderr(message: str) -> None:
    """Writes a report for people to standard error, after pending standard output."""
    from slimify.report.printable import report

    sys.stdout.flush()
    sys.stderr.write(report(message))


def write_note(message: str) -> None:
    """Writes what `--quiet` leaves out to standard error."""
    if not output.quiet:
        write_stderr(message)


def painter(stream: TextIO) -> Paint:
    """Colours: as `--color` says, else as NO_COLOR (https://no-color.org) and FORCE_COLOR
    (https://force-color.org) say, else on a terminal."""
    from slimify.report.ansi import Paint

    if output.color != "auto":
        return Paint(output.color == "always")
    if os.environ.get("NO_COLOR"):
        return Paint()
    if os.environ.get("FORCE_COLOR"):
        return Paint(on=True)
    return Paint(stream.isatty() and os.environ.get("TERM") != "dumb")


class Style(TypedDict):
    """How a report for people is written to a stream."""

    width: int
    paint: Paint


def style(stream: TextIO) -> Style:
    return Style(width=columns(stream), paint=painter(stream))


def columns(stream: TextIO) -> int:
    """The width of a terminal, limited to 40 to 120 columns; 80 otherwise."""
    if not stream.isatty():
        return 80
    asked = os.environ.get("COLUMNS", "")
    width = int(asked) if asked.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    return min(max(width or 80, 40), 120)


def fitted(text: str, stream: TextIO) -> str:
    """Lines of text that are wider than a terminal, continued on indented lines. Elsewhere, as they are."""
    from slimify.report.ansi import fit

    return fit(text, columns(stream)) if stream.isatty() else text


@contextmanager
def failing_output() -> Iterator[None]:
    """Ends the process with a message if standard output or standard error can't be written: the disk is
    full, or they are closed. Where nothing is written, that is no failure. The same if the working directory
    was deleted."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller; writing fails
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8"))
    doing = "enter the working directory"
    try:
        try:
            os.getcwd()
            doing = "write the output"
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    except OSError as error:
        what = f"write {error.filename}" if error.filename else doing
        drop_output(f"slimify: cannot {what}: {error.strerror or error}\n")
        raise SystemExit(_FAILED) from None


def drop_output(message: str = "") -> None:
    """Shows a message if that is possible. Buffered output must not raise again at the end."""
    with suppress(OSError, ValueError):
        sys.stderr.write(message)
        sys.stderr.flush()
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(null, stream.fileno())
