"""What a request says to a stranger: sizes, what moved and why, what was checked, how to repeat it or not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from msgspec import Struct

from slimify import __version__
from slimify.model.decisions import CommandVerdict, InstructionVerdict
from slimify.model.outcome import Outcome
from slimify.publish.commits import estimated
from slimify.publish.model import Change, Offer
from slimify.render import page
from slimify.report import proof as proofs
from slimify.report.text import size
from slimify.report.words import masked, shown
from slimify.verify.model import Proof

LIMIT = 60_000  # characters: GitHub takes 65,536
# Rows of what moved, checks, and Dockerfiles that are described: less of each, until it is short enough.
_DETAIL = ((40, 60, 200), (10, 10, 200), (0, 0, 40))
_PLACES = {"build": "builder stage only", "both": "both stages"}
_MARK = re.compile(r"<!-- slimify: (content=(\w*) measured=(yes|no)|withdrawn) -->")
_END = "<!-- slimify: end -->"


class Mark(Struct, frozen=True):
    """What a request was made for, as its text says: nobody sees it there."""

    content: str
    measured: bool
    withdrawn: bool


def mark(body: str) -> Mark | None:
    """None for a text that is not, or no longer, slimify's."""
    found = _MARK.search(body)
    if found is None or _END not in body[found.end() :]:
        return None
    return Mark(found[2] or "", found[3] == "yes", found[1] == "withdrawn")


def replaced(body: str, new: str) -> str:
    """The text with slimify's part of it replaced; what people wrote around it stays."""
    found = _MARK.search(body)
    assert found is not None
    end = body.index(_END, found.end()) + len(_END)
    return body[: found.start()] + new.rstrip("\n") + body[end:]


def withdrawn(body: str) -> str:
    """The text with a mark that it was slimify who closed the request."""
    return _MARK.sub("<!-- slimify: withdrawn -->", body, count=1)


def measured(offer: Offer) -> bool:
    """Whether all images were built and compared."""
    return all(change.proof is not None for change in offer.changes)


class Setting(Struct, frozen=True, kw_only=True):
    """What of the run a text has to say: at which commit, with which options, who owns the files."""

    commit: str
    options: str = ""
    owners: tuple[str, ...] = ()
    forge: str = ""


def body(offer: Offer, content: str, setting: Setting) -> str:
    """The whole text, with less detail where it would be too long for a forge."""
    for rows, checks, most in _DETAIL:
        text = page(
            "report/request.md.j2",
            mark=f"<!-- slimify: content={content} measured={'yes' if measured(offer) else 'no'} -->",
            end=_END,
            sizes=[_sizes(change) for change in offer.changes[: _DETAIL[0][2]]],
            measured=measured(offer),
            engine=next((c.proof.engine for c in offer.changes if c.proof is not None), ""),
            images=[_image(change, rows, checks) for change in offer.changes[:most]],
            others=len(offer.changes[most:]),
            setting=setting,
            version=__version__,
            quoted=_quoted,
            word=shlex.quote,
        )
        if len(text) <= LIMIT:
            break
    return text.rstrip() + "\n"


def _sizes(change: Change) -> tuple[str, str, str, str]:
    """File, before, after, what is saved."""
    found = _measured(change.proof)
    sure = found is not None or _is_measured(change.outcome)
    found = found or estimated(change.outcome)
    if found is None:
        return change.outcome.file, "?", "?", ""
    before, after = found
    about = "" if sure else "about "
    share = f"{(before - after) * 100 // before} %" if before else ""
    return change.outcome.file, about + size(before), about + size(after), share


def _is_measured(outcome: Outcome) -> bool:
    return outcome.estimate is not None and outcome.estimate.measured


def _measured(proof: Proof | None) -> tuple[int, int] | None:
    if proof is None or proof.before is None or proof.after is None:
        return None
    return proof.before.disk, proof.after.disk


_Row = tuple[str, str, str, str]


class _Image(Struct, frozen=True):
    """The part about one Dockerfile."""

    file: str
    staged: bool
    rows: tuple[_Row, ...]
    left_out: int
    assumed: tuple[str, ...]
    advice: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]
    open: tuple[str, ...]  # what was not checked
    ignore: str
    verified: bool


def _image(change: Change, most: int, checks: int) -> _Image:
    outcome, proof = change.outcome, change.proof
    rows = list(_rows(outcome))
    done = [check for check in proof.checks if check.ok and not check.note] if proof is not None else []
    return _Image(
        file=outcome.file,
        staged=outcome.rung != "cleanup",
        rows=tuple(rows[:most]),
        left_out=len(rows[most:]),
        assumed=tuple(_cell(d.text) for d in outcome.decisions if d.safety == "assumed"),
        advice=tuple(_cell(d.text) for d in outcome.decisions if d.safety == "advice")[:most],
        checks=tuple((_cell(check.name), _cell(check.detail)) for check in done[:checks]),
        open=tuple(map(_cell, _open(proof))),
        ignore=outcome.ignore.path if outcome.ignore is not None else "",
        verified=proof is not None,
    )


def _open(proof: Proof | None) -> Iterator[str]:
    """What was not checked, or is worth knowing, sentence by sentence."""
    if proof is None:
        return
    yield from proof.scope
    for check in proof.checks:
        meant = [finding.text for finding in check.findings if finding.accepted]
        if meant:
            yield f"{check.name}, accepted: {'; '.join(meant)}"
        elif check.note:
            yield f"{check.name}: {check.detail}"
    if proof.small:
        yield proofs.small(proof)


def _rows(outcome: Outcome) -> Iterator[_Row]:
    """Line, step, where it is now, why: what no longer happens where it did, then what is new."""
    places: dict[int, set[str]] = {}
    for stage in outcome.stages:
        for item in stage.items:
            if item.origin is not None:
                places.setdefault(item.origin, set()).add(stage.purpose)
    for index, verdict in enumerate(outcome.instructions if outcome.rung != "cleanup" else ()):
        yield from _moved(verdict, places.get(index, set()))
    for decision in outcome.decisions:
        if decision.safety != "advice":
            line = str(decision.line) if decision.line is not None else ""
            yield line, "", "new", f"{_cell(decision.text)} ({decision.code})"


def _moved(verdict: InstructionVerdict, places: set[str]) -> Iterator[_Row]:
    """The rows of one instruction, of which there are some if it, or part of it, left the final stage."""
    instruction = verdict.instruction
    line = str(instruction.line)
    if instruction.keyword not in ("RUN", "COPY", "ADD") or "build" not in places:
        return
    if not verdict.commands:
        final = "run" in places
        why = _why(verdict) if final or verdict.role == "build" else "what the build makes of it is copied"
        step = _quoted(f"{instruction.keyword} {instruction.value}")
        yield line, step, _PLACES["both" if final else "build"], why
        return
    for command in verdict.commands:
        role = command.role if "run" in places else "build"
        # what only belongs to the commands beside it needs no row of its own
        if role in _PLACES and any(reason.code != "SL218" for reason in command.reasons):
            yield line, _quoted(command.text), _PLACES[role], _why(command)


def _why(verdict: InstructionVerdict | CommandVerdict) -> str:
    said = [f"{_cell(reason.text)} ({reason.code})" for reason in verdict.reasons]
    for package in verdict.packages if isinstance(verdict, CommandVerdict) else ():
        if package.counterparts:
            said.append(f"{_quoted(package.name)} → {_quoted(' '.join(package.counterparts))}")
    return "; ".join(said)


def _cell(text: str) -> str:
    """Text that is neither markup, except for code in backquotes, nor a secret, nor calls anybody, as
    `@name` would."""
    parts = masked(text).split("`")
    if len(parts) % 2 == 0:
        return _plain(masked(text))
    return "".join(_quoted(part) if index % 2 else _plain(part) for index, part in enumerate(parts))


def _plain(text: str) -> str:
    edge = [" " if text[:1].isspace() else "", " " if text[-1:].isspace() else ""]
    found = proofs.cell(text).replace("@", "@\N{ZERO WIDTH SPACE}")
    return f"{edge[0]}{found}{edge[1]}" if found else edge[0]


def _quoted(text: str, most: int = 120) -> str:
    """Code in one cell of a table."""
    plain = shown(masked(" ".join(text.split()))).replace("`", "'").replace("|", "\\|")
    return f"`{plain[: most - 2]} …`" if len(plain) > most else f"`{plain}`"
