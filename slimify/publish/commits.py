"""Commits that slimify made, and how it knows them again.

A commit says in a trailer what it changed, as a checksum over the names and contents of files. Whoever
rebases it leaves that true; whoever changes what is in it, or adds a commit of their own, does not, and
their work is never overwritten.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping, Sequence

from msgspec import Struct

from slimify.model.outcome import Outcome
from slimify.model.plan import Stage
from slimify.publish.git import Git
from slimify.publish.model import Offer
from slimify.report.text import size

TRAILER = "Slimify-Content"
_RAW = ("--raw", "-r", "-z", "--no-abbrev", "--no-renames")
_MOST = 20  # commits on a branch that are looked at


class Tip(Struct, frozen=True):
    """What a branch has beyond its base: all of it by slimify, or not; and what that changes."""

    commit: str
    ours: bool
    content: str


def tip(git: Git, commit: str, base: str) -> Tip:
    """Who made what a branch has beyond `base`."""
    lines = git.run("rev-list", f"--max-count={_MOST}", "--parents", commit, "--not", base).splitlines()
    own = {line.split()[0]: line.split()[1:] for line in lines}
    contents: list[str] = []
    for made, parents in own.items():
        if len(parents) != 1:
            continue
        said = git.run("log", "-1", f"--format=%(trailers:key={TRAILER},valueonly)", made).strip()
        if said != changed(git, parents[0], made):
            return Tip(commit, False, "")
        contents.append(said)
    merges = [(made, parents) for made, parents in own.items() if len(parents) != 1]
    ours = len(own) < _MOST and all(
        _brings_up_to_date(git, made, parents, own, contents) for made, parents in merges
    )
    return Tip(commit, ours, contents[0] if ours and len(contents) == 1 else "")


def _brings_up_to_date(
    git: Git, made: str, parents: Sequence[str], own: Mapping[str, object], contents: Sequence[str]
) -> bool:
    """Whether a merge brings in the base and nothing else, as the button "Update branch" does."""
    news = [parent for parent in parents if parent not in own]
    return len(parents) == 2 and len(news) == 1 and changed(git, news[0], made) in contents


def changed(git: Git, before: str, after: str = "") -> str:
    """A checksum of what differs between two commits, or between one and the index; "" for nothing."""
    words = ("diff-tree", *_RAW, before, after) if after else ("diff-index", "--cached", *_RAW, before)
    raw = git.run(*words)
    return hashlib.sha256(raw.encode("utf-8", "surrogateescape")).hexdigest()[:40] if raw else ""


def commit(git: Git, offer: Offer, content: str, *, sign_off: bool) -> str:
    """Commits what is in the index, signed as the user's configuration says → the commit."""
    words = ["commit", "--quiet", "--no-verify", "--cleanup=verbatim", "--file=-"]
    git.run(*words, *(["--signoff"] if sign_off else []), stdin=message(offer, content).encode())
    return git.run("rev-parse", "HEAD").strip()


def message(offer: Offer, content: str) -> str:
    """Title, a paragraph a file, trailer."""
    paragraphs = [textwrap.fill(_paragraph(offer, index), 72) for index in range(len(offer.changes))]
    body = "\n\n".join(paragraphs[:20])
    return f"{offer.title}\n\n{body}\n\n{TRAILER}: {content}\n"


def _paragraph(offer: Offer, index: int) -> str:
    change = offer.changes[index]
    outcome, proof = change.outcome, change.proof
    sizes = estimated(outcome)
    said = [f"{outcome.file}: "] if len(offer.changes) > 1 else []
    if outcome.rung == "cleanup":
        said.append("What the image does not need is no longer left in its layers.")
    else:
        said.append(
            "What only the build needs stays in a stage of its own; "
            f"the image starts from {_base(outcome.stages)}."
        )
    if proof is not None and proof.before is not None and proof.after is not None:
        said.append(f"Built and compared: {size(proof.before.disk)} before, {size(proof.after.disk)} after.")
    elif sizes is not None:
        measured = outcome.estimate is not None and outcome.estimate.measured
        how = "It shrinks" if measured else "It is estimated to shrink"
        said.append(f"{how} from {size(sizes[0])} to {size(sizes[1])}.")
    return " ".join(said)


def _base(stages: Sequence[Stage]) -> str:
    final = [stage.base for stage in stages if stage.purpose == "run"]
    shared = {stage.name: stage.base for stage in stages if stage.purpose == "base"}
    return shared.get(final[-1], final[-1]) if final else "a smaller one"


def estimated(outcome: Outcome) -> tuple[int, int] | None:
    """Bytes of the image before and after, as the rewrite expects them."""
    found = outcome.estimate
    if found is None or not 0 < found.saving < found.original:
        return None
    return found.original, found.original - found.saving
