"""Commits by slimify, and how it recognizes them later.

Each commit has a trailer with a checksum over the names and contents of the files it changes. The checksum
survives a rebase. If someone amends the commit or adds one, it no longer matches, and slimify never
overwrites that branch.
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
from slimify.report.printable import quiet, shown
from slimify.report.text import size

TRAILER = "Slimify-Content"
_RAW = ("--raw", "-r", "-z", "--no-abbrev", "--no-renames")
_MAX_COMMITS = 20  # commits of a branch that are examined


class BranchTip(Struct, frozen=True):
    """The head of a branch: whether slimify made all commits beyond the base, and the checksum of their
    change ("" if there is more than one)."""

    commit: str
    by_slimify: bool
    content: str


def branch_tip(git: Git, commit: str, base: str) -> BranchTip:
    """The head `commit` of a branch, judged by its commits beyond `base`."""
    lines = git.run(
        "rev-list", f"--max-count={_MAX_COMMITS}", "--parents", commit, "--not", base
    ).splitlines()
    own = {line.split()[0]: line.split()[1:] for line in lines}
    contents: list[str] = []
    for made, parents in own.items():
        if len(parents) != 1:
            continue
        recorded = git.run("log", "-1", f"--format=%(trailers:key={TRAILER},valueonly)", made).strip()
        if recorded != change_checksum(git, parents[0], made):
            return BranchTip(commit, False, "")
        contents.append(recorded)
    merges = [(made, parents) for made, parents in own.items() if len(parents) != 1]
    by_slimify = len(own) < _MAX_COMMITS and all(
        _only_merges_base(git, made, parents, own, contents) for made, parents in merges
    )
    return BranchTip(commit, by_slimify, contents[0] if by_slimify and len(contents) == 1 else "")


def _only_merges_base(
    git: Git, made: str, parents: Sequence[str], own: Mapping[str, object], contents: Sequence[str]
) -> bool:
    """Whether a merge commit merges only the base, as the button "Update branch" does."""
    news = [parent for parent in parents if parent not in own]
    return len(parents) == 2 and len(news) == 1 and change_checksum(git, news[0], made) in contents


def change_checksum(git: Git, before: str, after: str = "") -> str:
    """The checksum of the difference between two commits, or a commit and the index; "" if there is none."""
    words = ("diff-tree", *_RAW, before, after) if after else ("diff-index", "--cached", *_RAW, before)
    raw = git.run(*words)
    return hashlib.sha256(raw.encode("utf-8", "surrogateescape")).hexdigest()[:40] if raw else ""


def commit(git: Git, offer: Offer, content: str, *, sign_off: bool) -> str:
    """Commits the index, signed as the user's Git configuration requires, and returns the commit ID."""
    words = ["commit", "--quiet", "--no-verify", "--cleanup=verbatim", "--file=-"]
    git.run(*words, *(["--signoff"] if sign_off else []), stdin=message(offer, content).encode())
    return git.run("rev-parse", "HEAD").strip()


def message(offer: Offer, content: str) -> str:
    """The commit message: title, one paragraph per file, trailer."""
    paragraphs = [textwrap.fill(_paragraph(offer, index), 72) for index in range(len(offer.changes))]
    body = "\n\n".join(paragraphs[:20])
    return f"{offer.title}\n\n{body}\n\n{TRAILER}: {content}\n"


def _paragraph(offer: Offer, index: int) -> str:
    change = offer.changes[index]
    outcome, proof = change.outcome, change.proof
    sizes = estimated_sizes(outcome)
    sentences = [f"{quiet(shown(outcome.file))}: "] if len(offer.changes) > 1 else []
    if outcome.rung == "cleanup":
        sentences.append("The layers of the image no longer contain files that it does not need.")
    else:
        sentences.append(
            "Files that only the build needs remain in a builder stage; "
            f"the image is based on {_base(outcome.stages)}."
        )
    if proof is not None and proof.before is not None and proof.after is not None:
        sentences.append(
            f"Built and compared: {size(proof.before.disk)} before, {size(proof.after.disk)} after."
        )
    elif sizes is not None:
        measured = outcome.estimate is not None and outcome.estimate.measured
        how = "It shrinks" if measured else "It is estimated to shrink"
        sentences.append(f"{how} from {size(sizes[0])} to {size(sizes[1])}.")
    return " ".join(sentences)


def _base(stages: Sequence[Stage]) -> str:
    final = [stage.base for stage in stages if stage.purpose == "run"]
    shared = {stage.name: stage.base for stage in stages if stage.purpose == "base"}
    return shared.get(final[-1], final[-1]) if final else "a smaller image"


def estimated_sizes(outcome: Outcome) -> tuple[int, int] | None:
    """The estimated size of the image in bytes, before and after; None if unknown or not smaller."""
    found = outcome.estimate
    if found is None or found.original is None or not 0 < found.saving < found.original:
        return None
    return found.original, found.original - found.saving
