"""The description of a pull request: sizes, what moved and why, what was checked, how to reproduce it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from msgspec import Struct

from slimify import __version__
from slimify.model.decisions import CommandVerdict, InstructionVerdict
from slimify.model.outcome import Outcome
from slimify.model.regex import regex
from slimify.publish.commits import estimated_sizes
from slimify.publish.model import Change, Offer
from slimify.render import render_page
from slimify.report import proof as proofs
from slimify.report.printable import masked, printable, quiet
from slimify.report.text import size
from slimify.verify.model import Proof

LIMIT = 60_000  # characters: GitHub takes 65,536
# Limits for rows, checks and Dockerfiles, from detailed to brief: the first that fits into LIMIT is used.
_DETAIL_LEVELS = ((40, 60, 200), (10, 10, 200), (0, 0, 40))
_STAGES = {"build": "builder stage only", "both": "both stages"}
_MARKER = regex(r"<!-- slimify: (content=(\w*) measured=(yes|no)|withdrawn) -->")
_END = "<!-- slimify: end -->"


class Marker(Struct, frozen=True):
    """The hidden comment in a description: the change it describes, whether sizes were measured, whether
    slimify closed the request."""

    content: str
    measured: bool
    withdrawn: bool


def parse_marker(body: str) -> Marker | None:
    """The marker of a description; None if slimify did not write it or a person removed its section."""
    found = _MARKER.search(body)
    if found is None or _END not in body[found.end() :]:
        return None
    return Marker(found[2] or "", found[3] == "yes", found[1] == "withdrawn")


def replace_section(body: str, new: str) -> str:
    """`body` with slimify's section replaced by `new`. Text that people added around it is kept."""
    found = _MARKER.search(body)
    assert found is not None
    end = body.index(_END, found.end()) + len(_END)
    return body[: found.start()] + new.rstrip("\n") + body[end:]


def mark_as_withdrawn(body: str) -> str:
    """`body` with the marker that slimify, not a person, closed the request."""
    return _MARKER.sub("<!-- slimify: withdrawn -->", body, count=1)


def is_measured(offer: Offer) -> bool:
    """Whether the images of all changes were built and compared."""
    return all(change.proof is not None for change in offer.changes)


class RunDetails(Struct, frozen=True, kw_only=True):
    """Facts about the run that a description names: the commit, the options, the owners of the files."""

    commit: str
    options: str = ""
    owners: tuple[str, ...] = ()
    forge: str = ""


def body(offer: Offer, content: str, details: RunDetails) -> str:
    """The description of `offer`, in Markdown of at most LIMIT characters. `content` is the checksum of the
    change; details are dropped until the text is short enough."""
    for rows, checks, limit in _DETAIL_LEVELS:
        text = render_page(
            "report/request.md.j2",
            mark=f"<!-- slimify: content={content} measured={'yes' if is_measured(offer) else 'no'} -->",
            end=_END,
            sizes=[_size_row(change) for change in offer.changes[: _DETAIL_LEVELS[0][2]]],
            measured=is_measured(offer),
            engine=next((c.proof.engine for c in offer.changes if c.proof is not None), ""),
            images=[_image(change, rows, checks) for change in offer.changes[:limit]],
            others=len(offer.changes[limit:]),
            run=details,
            version=__version__,
            quoted=_quoted,
            word=shlex.quote,
        )
        if len(text) <= LIMIT:
            break
    return text.rstrip() + "\n"


def _size_row(change: Change) -> tuple[str, str, str, str]:
    """The cells of a row: file, size before, size after, percentage saved."""
    found = _measured_sizes(change.proof)
    estimate = change.outcome.estimate
    exact = found is not None or (estimate is not None and estimate.measured)
    found = found or estimated_sizes(change.outcome)
    if found is None:
        return change.outcome.file, "?", "?", ""
    before, after = found
    prefix = "" if exact else "about "
    share = f"{(before - after) * 100 // before} %" if before else ""
    return change.outcome.file, prefix + size(before), prefix + size(after), share


def _measured_sizes(proof: Proof | None) -> tuple[int, int] | None:
    if proof is None or proof.before is None or proof.after is None:
        return None
    return proof.before.disk, proof.after.disk


_Row = tuple[str, str, str, str]


class _Image(Struct, frozen=True):
    """The section about one Dockerfile."""

    file: str
    staged: bool
    rows: tuple[_Row, ...]
    left_out: int
    assumed: tuple[str, ...]
    advice: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]
    open: tuple[str, ...]  # sentences about what was not checked
    ignore: str
    verified: bool
    unbuilt: str  # why it is not verified


def _image(change: Change, limit: int, checks: int) -> _Image:
    outcome, proof = change.outcome, change.proof
    rows = list(_rows(outcome))
    done = [check for check in proof.checks if check.ok and not check.note] if proof is not None else []
    return _Image(
        file=outcome.file,
        staged=outcome.rung != "cleanup",
        rows=tuple(rows[:limit]),
        left_out=len(rows[limit:]),
        assumed=tuple(_cell(d.text) for d in outcome.decisions if d.safety == "assumed"),
        advice=tuple(_cell(d.text) for d in outcome.decisions if d.safety == "advice")[:limit],
        checks=tuple((_cell(check.name), _cell(check.detail)) for check in done[:checks]),
        open=tuple(map(_cell, _unchecked(proof))),
        ignore=outcome.ignore.path if outcome.ignore is not None else "",
        verified=proof is not None,
        unbuilt=_cell(change.unbuilt),
    )


def _unchecked(proof: Proof | None) -> Iterator[str]:
    """Sentences about what was not checked, what may matter, is accepted or noted."""
    if proof is None:
        return
    yield from proof.scope
    for check in proof.checks:
        matter = [f.text for f in check.findings if f.grade == "may-matter" and not f.accepted]
        if matter:
            yield f"{check.name}, may matter: {'; '.join(matter)}"
        accepted = [finding.text for finding in check.findings if finding.accepted]
        if accepted:
            yield f"{check.name}, accepted: {'; '.join(accepted)}"
        elif check.note:
            yield f"{check.name}: {check.detail}"
    if proof.saves_too_little:
        yield proofs.saving_note(proof)


def _rows(outcome: Outcome) -> Iterator[_Row]:
    """Line, step, new stage and reason: first the steps that moved, then what was added."""
    for verdict in outcome.instructions if outcome.rung != "cleanup" else ():
        yield from _instruction_rows(verdict)
    for decision in outcome.decisions:
        if decision.safety != "advice":
            line = str(decision.line) if decision.line is not None else ""
            yield line, "", "new", f"{_cell(decision.text)} ({decision.code})"


def _instruction_rows(verdict: InstructionVerdict) -> Iterator[_Row]:
    """The rows of one instruction; none if only the final stage executes it."""
    instruction = verdict.instruction
    line = str(instruction.line)
    if instruction.keyword not in ("RUN", "COPY", "ADD") or verdict.role not in _STAGES:
        return
    if not verdict.commands:
        step = _quoted(f"{instruction.keyword} {instruction.value}")
        yield line, step, _STAGES[verdict.role], _why(verdict)
    for command in verdict.commands:
        # commands that only support their neighbours (SL218) get no row
        if command.role in _STAGES and any(reason.code != "SL218" for reason in command.reasons):
            yield line, _quoted(command.text), _STAGES[command.role], _why(command)


def _why(verdict: InstructionVerdict | CommandVerdict) -> str:
    parts = [f"{_cell(reason.text)} ({reason.code})" for reason in verdict.reasons]
    for package in verdict.packages if isinstance(verdict, CommandVerdict) else ():
        if package.counterparts:
            parts.append(f"{_quoted(package.name)} → {_quoted(' '.join(package.counterparts))}")
    return "; ".join(parts)


def _cell(text: str) -> str:
    """`text` for a table cell: markup is escaped (except code in backquotes), secrets are masked, and
    nothing refers to people or issues."""
    parts = masked(text).split("`")
    if len(parts) % 2 == 0:
        return _plain(masked(text))
    return "".join(_quoted(part) if index % 2 else _plain(part) for index, part in enumerate(parts))


def _plain(text: str) -> str:
    edge = [" " if text[:1].isspace() else "", " " if text[-1:].isspace() else ""]
    found = quiet(proofs.cell(text))
    return f"{edge[0]}{found}{edge[1]}" if found else edge[0]


def _quoted(text: str, limit: int = 120) -> str:
    """`text` as code in a table cell, cut off after `limit` characters."""
    plain = printable(masked(" ".join(text.split()))).replace("`", "'").replace("|", "\\|")
    return f"`{plain[: limit - 2]} …`" if len(plain) > limit else f"`{plain}`"
