"""Standard output and standard error, for `cli`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

import slimify

if TYPE_CHECKING:
    from slimify import Checked, Listeners, Outcome, Proof, Published, Row, Settings, SlimifyError
    from slimify.analyze.model import Analysis, Rule
    from slimify.ci.plan import Step
    from slimify.lint.baseline import Entry
    from slimify.report.ansi import Paint
    from slimify.report.findings.formats import Form as CheckFormat


def show_rewrite(
    outcome: Outcome, form: Literal["diff", "text", "json", "none"], proof: Proof | None = None
) -> None:
    """What `rewrite` answers: the result on standard output; the reasons, and the proof that was asked
    for, on standard error."""
    from slimify.report import diff, json, text

    if form == "json":
        show(json.to_json(outcome, proof=proof) + "\n")
        show_failure(outcome)
    elif form == "text" and outcome.error is None:
        show(text.page(outcome, width=columns(sys.stdout), paint=painter(sys.stdout)))
    else:
        if form == "diff":
            patch, paint = diff.diff(outcome), painter(sys.stdout)
            show(diff.colour(patch, paint) if paint.on else patch)
        tell(text.summary(outcome, width=columns(sys.stderr), paint=painter(sys.stderr)))
    if proof is not None and outcome.error is None and form != "json":
        from slimify.report import proof as report

        tell(report.text(proof, width=columns(sys.stderr), paint=painter(sys.stderr)))


def show_step(step: Step, form: Literal["text", "json"], *, written: bool) -> None:
    """What `ci` answers: the new file or the diff, or the step alone; the reasons on standard error."""
    from slimify.report import ci, diff

    outcome = step.outcome
    if form == "json":
        show(ci.to_json(outcome, step.shown) + "\n")
        return
    if step.shown:
        show("" if written and outcome.after is not None else step.shown)
    elif not written:
        patch, paint = diff.diff(outcome), painter(sys.stdout)
        show(diff.colour(patch, paint) if paint.on else patch)
    new = outcome.after is not None and not outcome.before
    done = ("written" if written else "to be written") if new else "changed" if written else "to be changed"
    tell(ci.text(outcome, done, width=columns(sys.stderr), paint=painter(sys.stderr)))


def show_checked(item: Checked, form: CheckFormat) -> None:
    """What `check` says about one file, where the format has a part for it; what is no finding goes to
    standard error."""
    from slimify.report.findings import formats
    from slimify.report.findings import text as findings

    show(formats.part(item, form, paint=painter(sys.stdout)))
    tell(findings.aside(item, paint=painter(sys.stderr)))


def show_all_checked(items: Sequence[Checked], form: CheckFormat, output: Path | None) -> SlimifyError | None:
    """The document of all that `check` says, with `output` as a file; the error, if that can't be written."""
    from slimify.report.findings import formats

    if output is None:
        show(formats.document(items, form))
        return None
    return _saved(formats.whole(items, form).encode("utf-8", "surrogateescape"), output)


def tell_summary(items: Sequence[Checked], stale: Sequence[Entry]) -> None:
    """How many files `check` looked at, and what came of them."""
    from slimify.report.findings import text as findings

    tell(findings.summary(items, stale))


def show_explanation(outcome: Outcome, form: Literal["text", "json"]) -> None:
    """What `explain` answers for one file."""
    from slimify.report import json, text

    if form == "json":
        show(json.to_json(outcome, texts=False) + "\n")
    elif outcome.error is None:
        show(text.explanation(outcome, width=columns(sys.stdout), paint=painter(sys.stdout)))
    show_failure(outcome)


def show_code(code: str, entry: Mapping[str, Any]) -> None:
    """What `explain` answers for a code."""
    from slimify.report import text

    show(text.code(code, entry, width=columns(sys.stdout), paint=painter(sys.stdout)))


def show_settings(found: Settings, form: Literal["text", "json"]) -> None:
    """What `config` answers for one file."""
    from slimify.report import settings as report

    shown = report.to_json if form == "json" else report.text
    show(shown(found.name, found.options, found.layers, found.given).rstrip("\n") + "\n")


def show_proof(outcome: Outcome, proof: Proof | None, form: Literal["text", "json", "markdown"]) -> None:
    """What `verify` answers for one file; without a proof, why there is nothing to prove."""
    from slimify.report import json, text
    from slimify.report import proof as report

    if form == "json":
        show(json.to_json(outcome, proof=proof) + "\n")
        show_failure(outcome)
    elif proof is None or outcome.error is not None:
        tell(text.summary(outcome, width=columns(sys.stderr), paint=painter(sys.stderr)))
    elif form == "markdown":
        show(report.markdown(proof))
    else:
        show(report.text(proof, width=columns(sys.stdout), paint=painter(sys.stdout)))


def show_published(item: Published, form: Literal["text", "json"], *, dry: bool) -> None:
    """What `pr` answers for one request."""
    from slimify.publish import summary

    if form == "json":
        show(
            summary.to_json(item.offer, item.report, item.error, [r[1] for r in item.results], dry=dry) + "\n"
        )
    else:
        outcomes = [(outcome, proof) for _, outcome, proof in item.results]
        paint = painter(sys.stdout)
        show(summary.text(item.offer, item.report, outcomes, width=columns(sys.stdout), paint=paint, dry=dry))
    for _, outcome, proof in item.results:
        show_failure(outcome)
        if proof is not None and outcome.error is None and proof.verdict != "equal" and form == "text":
            from slimify.report import proof as report

            tell(report.text(proof, width=columns(sys.stderr), paint=painter(sys.stderr)))
    if item.error is not None:
        from slimify.report import text

        tell(text.failure(item.offer.branch, item.error, paint=painter(sys.stderr)))


def show_analysis(
    analyses: Sequence[Analysis], rules: Sequence[Rule], form: Literal["text", "json", "none"]
) -> None:
    """What `analyze` answers: the report, and how the last image stands to the limits for CI."""
    from slimify.report.analysis import json as analysis_json
    from slimify.report.analysis import text as analysis_text

    if form == "json":
        show(analysis_json.to_json(analyses, rules) + "\n")
    elif form == "text":
        width, paint = columns(sys.stdout), painter(sys.stdout)
        first, *others = analyses
        for other in others:
            show(analysis_text.comparison(first, other, width=width, paint=paint))
        if not others:
            show(analysis_text.page(first, width=width, paint=paint))
    if rules and form == "text":
        show("\n" + analysis_text.verdicts(rules, paint=painter(sys.stdout)))
    elif rules:
        tell(analysis_text.verdicts(rules, paint=painter(sys.stderr)))


def show_page(analyses: Sequence[Analysis], target: str) -> Outcome | None:
    """The page of HTML, to a file or with `-` to standard output; the failure, if it can't be written."""
    from slimify.report.analysis import html as analysis_html

    page = analysis_html.page(*analyses)
    if target == "-":
        show(page)
        return None
    error = _saved(page.encode("utf-8", "replace"), Path(target))
    return slimify.failed(target, slimify.SlimifyError(error.code, error.message)) if error else None


def show_no_analysis(analyses: Sequence[Analysis], failure: Outcome, form: Literal["text", "json"]) -> None:
    """What `analyze` answers where an image could not be read."""
    if form == "json":
        from slimify.report.analysis import json as analysis_json

        show(analysis_json.to_json(analyses, error=failure.error) + "\n")
    show_failure(failure)


def show_rows(rows: Sequence[Row]) -> None:
    """Rows of a scan, a JSON object each."""
    import json

    show("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows))


def tell_built(rows: Sequence[Row]) -> None:
    """What came of building the images of these rows."""
    from slimify.report.fleet import text as fleet

    tell("".join(fleet.built(row) for row in rows))


class Fleet:
    """What `scan` answers: rows as they come or totals in the end, and the page of HTML."""

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
        """Raises SlimifyError where the page can't be written."""
        from slimify.app import replace_file
        from slimify.report.fleet import text as fleet

        if self._form == "text":
            show(fleet.text(self._tally, paint=painter(sys.stdout)))
        if self._html is not None:
            replace_file.replace_file(self._html, self._page.parts(self._tally))

    def __enter__(self) -> Fleet:
        self._page.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._page.__exit__(*raised)


def _saved(content: bytes, path: Path) -> SlimifyError | None:
    """The error, if a file that the user named can't be written."""
    from slimify.app import replace_file

    try:
        replace_file.replace_file(path, content)
    except slimify.SlimifyError as error:
        return error
    return None


@contextmanager
def busy(text: str) -> Iterator[None]:
    """Says on a terminal what takes a while, as long as it does."""
    if not sys.stderr.isatty():
        yield
        return
    sys.stderr.write(text[: columns(sys.stderr) - 1])
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def listeners() -> Listeners:
    """What shows how far builds and repairs are, on standard error."""
    from slimify.cli.progress import Live

    live = Live(sys.stderr)
    return slimify.Listeners(live.progress, live.turn, live.close)


def show_failure(outcome: Outcome) -> None:
    """The error of a failed outcome on standard error, nothing for the others."""
    if outcome.error is not None:
        from slimify.report import text

        tell(text.failure(outcome.file, outcome.error, paint=painter(sys.stderr)))


def show(content: str) -> None:
    """To standard output. Bytes of the Dockerfile go out as they came in, whatever locale or platform."""
    show_bytes(content.encode("utf-8", "surrogateescape"))


def show_bytes(content: bytes) -> None:
    """To standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def tell(message: str) -> None:
    """To standard error, in order with what went to standard output."""
    sys.stdout.flush()
    sys.stderr.write(message)


def painter(stream: TextIO) -> Paint:
    """Colours for a terminal whose user did not ask for none (https://no-color.org)."""
    from slimify.report.ansi import Paint

    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Paint(stream.isatty() and not plain)


def columns(stream: TextIO) -> int:
    """80, or those of the terminal within reason."""
    if not stream.isatty():
        return 80
    import shutil

    return min(max(shutil.get_terminal_size().columns, 60), 120)
