"""Writes results to standard output and messages to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

import slimify

if TYPE_CHECKING:
    from slimify import Checked, Listeners, Outcome, Proof, Published, Row, Settings
    from slimify.analyze.model import Analysis, Rule
    from slimify.ci.plan import Step
    from slimify.lint.baseline import Entry
    from slimify.report.ansi import Paint
    from slimify.report.findings.formats import Form as CheckFormat

_FAILED = 4  # the exit code if output can't be written


def show_version() -> None:
    """Prints the version."""
    write_stdout(f"slimify {slimify.__version__}\n")


def show_rewrite(
    outcome: Outcome, form: Literal["diff", "text", "json", "none"], proof: Proof | None = None
) -> None:
    """Prints a rewrite: the result to standard output, the reasons and the proof to standard error."""
    from slimify.report import diff, text

    if form == "json":
        from slimify.report import json

        write_stdout(json.to_json(outcome, proof=proof) + "\n")
        show_failure(outcome)
    elif form == "text" and outcome.error is None:
        write_report(text.page(outcome, width=columns(sys.stdout), paint=painter(sys.stdout)))
    else:
        if form == "diff":
            patch, paint = diff.diff(outcome), painter(sys.stdout)
            write_report(diff.colour(patch, paint)) if paint.on else write_stdout(patch)
        write_stderr(text.summary(outcome, width=columns(sys.stderr), paint=painter(sys.stderr)))
    if proof is not None and outcome.error is None and form != "json":
        from slimify.report import proof as report

        write_stderr(report.text(proof, width=columns(sys.stderr), paint=painter(sys.stderr)))


def show_step(step: Step, form: Literal["text", "json"], *, written: bool) -> None:
    """Prints a CI step: the new file, the diff or the step; the reasons to standard error."""
    from slimify.report import ci, diff

    outcome = step.outcome
    if form == "json":
        write_stdout(ci.to_json(outcome, step.shown) + "\n")
        return
    if step.shown:
        write_stdout("" if written and outcome.after is not None else step.shown)
    elif not written:
        patch, paint = diff.diff(outcome), painter(sys.stdout)
        write_report(diff.colour(patch, paint)) if paint.on else write_stdout(patch)
    new = outcome.after is not None and not outcome.before
    done = ("written" if written else "to be written") if new else "changed" if written else "to be changed"
    write_stderr(ci.text(outcome, done, width=columns(sys.stderr), paint=painter(sys.stderr)))


def show_checked(item: Checked, form: CheckFormat) -> None:
    """Prints the finding of one file, if the format is written file by file; other messages go to standard
    error."""
    from slimify.report.findings import formats
    from slimify.report.findings import text as findings

    write = write_report if form == "text" else write_stdout
    write(formats.part(item, form, paint=painter(sys.stdout)))
    write_stderr(findings.aside(item, paint=painter(sys.stderr)))


def show_all_checked(items: Sequence[Checked], form: CheckFormat, output: Path | None) -> None:
    """Prints the document of all findings, or writes it to `output`. Raises SlimifyError if that fails."""
    from slimify.app.replace_file import replace_file
    from slimify.report.findings import formats

    if output is None:
        write_stdout(formats.document(items, form))
    else:
        replace_file(output, formats.whole(items, form).encode("utf-8", "surrogateescape"))


def show_check_summary(items: Sequence[Checked], stale: Sequence[Entry]) -> None:
    """Prints the summary of `check` to standard error."""
    from slimify.report.findings import text as findings

    write_stderr(findings.summary(items, stale))


def show_explanation(outcome: Outcome, form: Literal["text", "json"]) -> None:
    """Prints the explanation of one file."""
    from slimify.report import json, text

    if form == "json":
        write_stdout(json.to_json(outcome, texts=False) + "\n")
    elif outcome.error is None:
        write_report(text.explanation(outcome, width=columns(sys.stdout), paint=painter(sys.stdout)))
    show_failure(outcome)


def show_code(code: str, entry: Mapping[str, Any]) -> None:
    """Prints the meaning of a code."""
    from slimify.report import text

    write_report(text.code(code, entry, width=columns(sys.stdout), paint=painter(sys.stdout)))


def show_settings(found: Settings, form: Literal["text", "json"]) -> None:
    """Prints the effective settings of one file."""
    from slimify.report import settings as report

    shown, write = (report.to_json, write_stdout) if form == "json" else (report.text, write_report)
    write(shown(found.name, found.options, found.layers, found.given).rstrip("\n") + "\n")


def show_proof(outcome: Outcome, proof: Proof | None, form: Literal["text", "json", "markdown"]) -> None:
    """Prints the proof for one file; without a proof, the reason."""
    from slimify.report import json, text
    from slimify.report import proof as report

    if form == "json":
        write_stdout(json.to_json(outcome, proof=proof) + "\n")
        show_failure(outcome)
    elif proof is None or outcome.error is not None:
        write_stderr(text.summary(outcome, width=columns(sys.stderr), paint=painter(sys.stderr)))
    elif form == "markdown":
        write_report(report.markdown(proof))
        write_stderr(text.warnings(outcome, width=columns(sys.stderr), paint=painter(sys.stderr)))
    else:
        write_stderr(text.warnings(outcome, width=columns(sys.stderr), paint=painter(sys.stderr)))
        write_report(report.text(proof, width=columns(sys.stdout), paint=painter(sys.stdout)))


def show_published(item: Published, form: Literal["text", "json"], *, dry: bool) -> None:
    """Prints the result of one pull request."""
    from slimify.publish import summary

    if form == "json":
        write_stdout(
            summary.to_json(item.offer, item.report, item.error, [r[1] for r in item.results], dry=dry) + "\n"
        )
    else:
        outcomes = [(outcome, proof) for _, outcome, proof in item.results]
        paint = painter(sys.stdout)
        write_report(
            summary.text(item.offer, item.report, outcomes, width=columns(sys.stdout), paint=paint, dry=dry)
        )
    for _, outcome, proof in item.results:
        show_failure(outcome)
        if proof is not None and outcome.error is None and proof.verdict != "equal" and form == "text":
            from slimify.report import proof as report

            write_stderr(report.text(proof, width=columns(sys.stderr), paint=painter(sys.stderr)))
    if item.error is not None:
        from slimify.report import text

        write_stderr(text.failure(item.offer.branch, item.error, paint=painter(sys.stderr)))


def show_analysis(
    analyses: Sequence[Analysis], rules: Sequence[Rule], form: Literal["text", "json", "none"]
) -> None:
    """Prints the analyses, and the results of the limits for CI."""
    from slimify.report.analysis import json as analysis_json
    from slimify.report.analysis import text as analysis_text

    if form == "json":
        write_stdout(analysis_json.to_json(analyses, rules) + "\n")
    elif form == "text":
        width, paint = columns(sys.stdout), painter(sys.stdout)
        first, *others = analyses
        for other in others:
            write_report(analysis_text.comparison(first, other, width=width, paint=paint))
        if not others:
            write_report(analysis_text.page(first, width=width, paint=paint))
    if rules and form == "text":
        write_report("\n" + analysis_text.verdicts(rules, paint=painter(sys.stdout)))
    elif rules:
        write_stderr(analysis_text.verdicts(rules, paint=painter(sys.stderr)))


def show_page(analyses: Sequence[Analysis], target: str) -> None:
    """Writes the HTML page to a file, or with `-` to standard output. Raises SlimifyError if that fails."""
    from slimify.app.replace_file import replace_file
    from slimify.report.analysis import html as analysis_html

    page = analysis_html.page(*analyses)
    if target == "-":
        write_stdout(page)
    else:
        replace_file(Path(target), page.encode("utf-8", "replace"))


def show_no_analysis(analyses: Sequence[Analysis], failure: Outcome, form: Literal["text", "json"]) -> None:
    """Prints the failure to read an image."""
    if form == "json":
        from slimify.report.analysis import json as analysis_json

        write_stdout(analysis_json.to_json(analyses, error=failure.error) + "\n")
    show_failure(failure)


def show_rows(rows: Sequence[Row]) -> None:
    """Prints rows of a scan as one JSON object per line."""
    import json

    write_stdout("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows))


def show_built_rows(rows: Sequence[Row]) -> None:
    """Prints the results of building the images of rows to standard error."""
    from slimify.report.fleet import text as fleet

    write_stderr("".join(fleet.built(row) for row in rows))


class FleetReport:
    """The output of `scan`: rows as they arrive or totals at the end, and the HTML page."""

    def __init__(self, form: Literal["text", "json"], html: Path | None) -> None:
        from slimify.report.fleet.html import Page
        from slimify.report.fleet.text import Tally

        self._form, self._html = form, html
        self._tally, self._page = Tally(), Page()

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._tally.add(row)
            if self._html is not None:
                self._page.add(row)
        if self._form == "json":
            show_rows(rows)

    def end(self) -> None:
        """Prints totals and writes the page. Raises SlimifyError if the page can't be written."""
        from slimify.app.replace_file import replace_file
        from slimify.report.fleet import text as fleet

        if self._form == "text":
            write_report(fleet.text(self._tally, paint=painter(sys.stdout)))
        if self._html is not None:
            replace_file(self._html, self._page.parts(self._tally))

    def __enter__(self) -> FleetReport:
        self._page.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._page.__exit__(*raised)


@contextmanager
def show_status(text: str) -> Iterator[None]:
    """Shows a status line on a terminal while the block runs."""
    if not sys.stderr.isatty():
        yield
        return
    write_stderr(" ".join(text.split())[: columns(sys.stderr) - 1])
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def listeners() -> Listeners:
    """Listeners that show the progress of builds and repairs on standard error."""
    from slimify.cli.progress import LiveProgress

    live = LiveProgress(sys.stderr)
    return slimify.Listeners(live.progress, live.turn, live.close)


def show_failure(outcome: Outcome) -> None:
    """Prints the error of a failed outcome to standard error."""
    if outcome.error is not None:
        from slimify.report import text

        write_stderr(text.failure(outcome.file, outcome.error, paint=painter(sys.stderr)))


def write_stdout(content: str) -> None:
    """Writes to standard output. Bytes of the Dockerfile are unchanged, regardless of locale and platform."""
    write_stdout_bytes(content.encode("utf-8", "surrogateescape"))


def write_stdout_bytes(content: bytes) -> None:
    """Writes bytes to standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def write_report(text: str) -> None:
    """Writes a report for people to standard output. Nothing in it is live, wherever it comes from."""
    from slimify.report.printable import report

    write_stdout(report(text))


def write_stderr(message: str) -> None:
    """Writes a report for people to standard error, after pending standard output."""
    from slimify.report.printable import report

    sys.stdout.flush()
    sys.stderr.write(report(message))


def painter(stream: TextIO) -> Paint:
    """Colours for a terminal, unless the user disabled them (https://no-color.org)."""
    from slimify.report.ansi import Paint

    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Paint(stream.isatty() and not plain)


def columns(stream: TextIO) -> int:
    """The width of a terminal, limited to 60 to 120 columns; 80 otherwise."""
    if not stream.isatty():
        return 80
    import shutil

    return min(max(shutil.get_terminal_size().columns, 60), 120)


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
