"""Writes results to standard output and messages to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import slimify
from slimify.cli import terminal

if TYPE_CHECKING:
    from slimify import Checked, Listeners, Outcome, Proof, Published, Row, Settings
    from slimify.analyze.model import Analysis, Rule
    from slimify.ci.plan import Step
    from slimify.lint.baseline import Entry
    from slimify.report.findings.formats import Form as CheckFormat


def show_rewrite(
    outcome: Outcome,
    form: Literal["diff", "text", "json", "none"],
    proof: Proof | None = None,
    *,
    done_as: str,
    written: Sequence[str] = (),
) -> None:
    """Prints a rewrite: the result to standard output, the reasons and the proof to standard error.
    `done_as` is the word for a rewrite, `written` are the files that were written."""
    from slimify.report import diff, text

    most = terminal.output.most
    if form == "json":
        from slimify.report import json

        terminal.write_stdout(json.to_json(outcome, proof=proof) + "\n")
        show_failure(outcome)
    elif form == "text" and outcome.error is None:
        page = text.page(
            outcome,
            width=terminal.columns(sys.stdout),
            paint=terminal.painter(sys.stdout),
            done_as=done_as,
            most=most,
        )
        terminal.write_report(page)
    else:
        if form == "diff":
            patch, paint = diff.diff(outcome), terminal.painter(sys.stdout)
            terminal.write_report(diff.colour(patch, paint)) if paint.on else terminal.write_stdout(patch)
        show_summary(outcome, done_as)
    if written:
        terminal.write_note(f"  wrote {', '.join(written)}\n")
    if proof is not None and outcome.error is None and form != "json":
        from slimify.report import proof as report

        terminal.write_note(report.text(proof, **terminal.style(sys.stderr)))


def show_summary(outcome: Outcome, done_as: str) -> None:
    """Prints the outcome and its decisions. Quiet, only what has to be known: a refusal or an error."""
    from slimify.report import text

    show = terminal.write_stderr if outcome.kind in ("refused", "failed") else terminal.write_note
    summary = text.summary(outcome, **terminal.style(sys.stderr), done_as=done_as, most=terminal.output.most)
    show(terminal.fitted(summary, sys.stderr))


def show_totals(outcomes: Sequence[Outcome], done_as: str, hint: str) -> None:
    """Prints the total of several files, and what can be done next."""
    from slimify.report import text

    if len(outcomes) > 1:
        terminal.write_note(terminal.fitted(text.total(outcomes, done_as), sys.stderr))
    if hint and any(outcome.kind == "rewritten" for outcome in outcomes):
        terminal.write_note(f"{hint}\n")


def show_step(step: Step, form: Literal["text", "json"], *, written: bool) -> None:
    """Prints a CI step: the new file, the diff or the step; the reasons to standard error."""
    from slimify.report import ci, diff

    outcome = step.outcome
    if form == "json":
        terminal.write_stdout(ci.to_json(outcome, step.shown) + "\n")
        return
    if step.shown:
        terminal.write_stdout("" if written and outcome.after is not None else step.shown)
    elif not written:
        patch, paint = diff.diff(outcome), terminal.painter(sys.stdout)
        terminal.write_report(diff.colour(patch, paint)) if paint.on else terminal.write_stdout(patch)
    new = outcome.after is not None and not outcome.before
    done = ("written" if written else "to be written") if new else "changed" if written else "to be changed"
    terminal.write_stderr(ci.text(outcome, done, **terminal.style(sys.stderr)))


def show_checked(item: Checked, form: CheckFormat | None) -> None:
    """Prints the finding of one file, if the format is written file by file; None: not at all. Other messages
    go to standard error."""
    from slimify.report.findings import formats
    from slimify.report.findings import text as findings

    write = (
        terminal.write_report if form == "text" else partial(terminal.write_stdout, commands=form == "github")
    )
    width = (
        terminal.columns(sys.stdout) if sys.stdout.isatty() else None
    )  # each finding is a line for other programs
    if form is not None:
        write(
            formats.part(
                item, form, width=width, excerpt=not terminal.output.quiet, paint=terminal.painter(sys.stdout)
            )
        )
    show = terminal.write_note if item.outcome.error is None else terminal.write_stderr
    show(findings.aside(item, paint=terminal.painter(sys.stderr)))


def show_all_checked(items: Sequence[Checked], form: CheckFormat, output: Path | None) -> None:
    """Prints the document of all findings, or writes it to `output`. Raises SlimifyError if that fails."""
    from slimify.app.replace_file import replace_file
    from slimify.report.findings import formats

    if output is None:
        terminal.write_stdout(formats.document(items, form))
    else:
        replace_file(output, formats.whole(items, form).encode("utf-8", "surrogateescape"))


def add_summary(items: Sequence[Checked], path: Path) -> None:
    """Adds the table of all findings to a file. Raises SlimifyError if that fails."""
    from slimify.report.findings.markdown import table
    from slimify.report.printable import report

    try:
        with path.open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(report(table(items)))
    except OSError as error:
        raise slimify.SlimifyError("SL902", f"{path}: {error.strerror}") from None


def show_statistics(items: Sequence[Checked]) -> None:
    """Prints how many findings of each code there are."""
    from slimify.report.findings import text as findings

    rows = findings.statistics(items, terminal.painter(sys.stdout))
    terminal.write_report(terminal.fitted(rows, sys.stdout))


def show_check_summary(items: Sequence[Checked], stale: Sequence[Entry], paths: Sequence[str]) -> None:
    """Prints the summary of `check` and what can be done next to standard error."""
    from slimify.report.findings import text as findings

    note = findings.summary(items, stale) + findings.help_line(items, paths)
    terminal.write_note(terminal.fitted(note, sys.stderr))


def show_explanation(outcome: Outcome, form: Literal["text", "json"]) -> None:
    """Prints the explanation of one file."""
    from slimify.report import json, text

    if form == "json":
        terminal.write_stdout(json.to_json(outcome, texts=False) + "\n")
    elif outcome.error is None:
        most = terminal.output.most
        terminal.write_report(text.explanation(outcome, **terminal.style(sys.stdout), most=most))
    show_failure(outcome)


def show_codes(entries: Mapping[str, Mapping[str, Any]], *, titles: bool) -> None:
    """Prints the meaning of each code, or only its title."""
    from slimify.report import text

    style = terminal.style(sys.stdout)
    pages = (text.code(code, entry, **style) for code, entry in entries.items())
    whole = text.codes(entries, style["paint"]) if titles else "\n".join(pages)
    terminal.write_report(terminal.fitted(whole, sys.stdout))


def show_settings(found: Settings, form: Literal["text", "json"]) -> None:
    """Prints the effective settings of one file."""
    from slimify.report import settings as report

    shown, write = (
        (report.to_json, terminal.write_stdout) if form == "json" else (report.text, terminal.write_report)
    )
    write(shown(found.name, found.options, found.layers, found.given).rstrip("\n") + "\n")


def show_proof(outcome: Outcome, proof: Proof | None, form: Literal["text", "json", "markdown"]) -> None:
    """Prints the proof for one file; without a proof, the reason."""
    from slimify.report import json, text
    from slimify.report import proof as report

    if form == "json":
        terminal.write_stdout(json.to_json(outcome, proof=proof) + "\n")
        show_failure(outcome)
    elif proof is None or outcome.error is not None:
        show_summary(outcome, "can be rewritten")
    elif form == "markdown":
        terminal.write_report(report.markdown(proof))
        terminal.write_stderr(text.warnings(outcome, **terminal.style(sys.stderr)))
    else:
        terminal.write_stderr(text.warnings(outcome, **terminal.style(sys.stderr)))
        terminal.write_report(report.text(proof, **terminal.style(sys.stdout)))


def show_proof_page(results: Sequence[tuple[Outcome, Proof | None]], target: Path) -> None:
    """Writes the HTML page of `verify`. Raises SlimifyError if that fails."""
    from slimify.report import proof_html

    _write_page(target, proof_html.page(results).encode("utf-8", "backslashreplace"))


def _write_page(target: Path, page: bytes | Iterable[bytes]) -> None:
    from slimify.app.replace_file import replace_file

    replace_file(target, page)
    terminal.write_note(f"wrote {target}\n")


def show_published(item: Published, form: Literal["text", "json"], *, dry: bool) -> None:
    """Prints the result of one pull request."""
    from slimify.publish import summary

    if form == "json":
        terminal.write_stdout(
            summary.to_json(item.offer, item.report, item.error, [r[1] for r in item.results], dry=dry) + "\n"
        )
    else:
        outcomes = [(outcome, proof) for _, outcome, proof in item.results]
        paint = terminal.painter(sys.stdout)
        terminal.write_report(
            summary.text(
                item.offer, item.report, outcomes, width=terminal.columns(sys.stdout), paint=paint, dry=dry
            )
        )
    for _, outcome, proof in item.results:
        show_failure(outcome)
        if proof is not None and outcome.error is None and proof.verdict != "equal" and form == "text":
            from slimify.report import proof as report

            terminal.write_stderr(report.text(proof, **terminal.style(sys.stderr)))
    if item.error is not None:
        from slimify.report import text

        terminal.write_stderr(text.failure(item.offer.branch, item.error, paint=terminal.painter(sys.stderr)))


def show_analysis(
    analyses: Sequence[Analysis], rules: Sequence[Rule], form: Literal["text", "json", "markdown", "none"]
) -> None:
    """Prints the analyses, and the results of the limits for CI."""
    from slimify.report.analysis import json as analysis_json
    from slimify.report.analysis import text as analysis_text

    if form == "json":
        terminal.write_stdout(analysis_json.to_json(analyses, rules) + "\n")
    elif form == "markdown":
        from slimify.report.analysis.markdown import markdown

        terminal.write_report(markdown(analyses, rules))
    elif form == "text":
        style = terminal.style(sys.stdout)
        first, *others = analyses
        for other in others:
            terminal.write_report(analysis_text.comparison(first, other, **style))
        if not others:
            terminal.write_report(analysis_text.page(first, **style, whole=terminal.output.verbose))
    if rules and form == "text":
        terminal.write_report("\n" + analysis_text.verdicts(rules, paint=terminal.painter(sys.stdout)))
    elif rules:
        terminal.write_stderr(analysis_text.verdicts(rules, paint=terminal.painter(sys.stderr)))


def show_page(analyses: Sequence[Analysis], target: str) -> None:
    """Writes the HTML page to a file, or with `-` to standard output. Raises SlimifyError if that fails."""
    from slimify.report.analysis import html as analysis_html

    page = analysis_html.page(*analyses)
    if target == "-":
        terminal.write_stdout(page)
    else:
        _write_page(Path(target), page.encode("utf-8", "replace"))


def show_no_analysis(analyses: Sequence[Analysis], failure: Outcome, form: str) -> None:
    """Prints the failure to read an image."""
    if form == "json":
        from slimify.report.analysis import json as analysis_json

        terminal.write_stdout(analysis_json.to_json(analyses, error=failure.error) + "\n")
    show_failure(failure)


def show_rows(rows: Sequence[Row]) -> None:
    """Prints rows of a scan as one JSON object per line."""
    import json

    terminal.write_stdout("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows))


def show_built_rows(rows: Sequence[Row]) -> None:
    """Prints the results of building the images of rows to standard error."""
    from slimify.report.fleet import text as fleet

    terminal.write_stderr("".join(fleet.built(row) for row in rows))


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
        from slimify.report.fleet import text as fleet

        if self._form == "text":
            report = fleet.text(self._tally, paint=terminal.painter(sys.stdout))
            terminal.write_report(terminal.fitted(report, sys.stdout))
        if self._html is not None:
            _write_page(self._html, self._page.parts(self._tally))

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
    terminal.write_stderr(" ".join(text.split())[: terminal.columns(sys.stderr) - 1])
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

        message = text.failure(outcome.file, outcome.error, paint=terminal.painter(sys.stderr))
        terminal.write_stderr(terminal.fitted(message, sys.stderr))
