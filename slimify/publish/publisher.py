"""Publishes one offer as a branch, a commit and a pull request, or reports why not.

The current state of the forge decides: a branch with other people's commits, a closed request or an
up-to-date one is left alone. If two runs collide, the slower one starts again from the other's result.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field

from slimify.config.pr import Requests
from slimify.model.errors import SlimifyError
from slimify.publish import body as bodies
from slimify.publish import commits
from slimify.publish.code_owners import owners
from slimify.publish.commits import BranchTip
from slimify.publish.git import Git
from slimify.publish.model import (
    NAMES,
    REJECTED,
    Done,
    Forge,
    NewPullRequest,
    Offer,
    PullRequest,
    Remote,
    Report,
    Repository,
)

COMMITS_BY_OTHERS, CLOSED_BY_PERSON, LIMIT = "SL801", "SL802", "SL803"
PROTECTED, NO_DIFFERENCE = "SL804", "SL805"
_RACES = 3

WriteFiles = Callable[[Path, Offer], Sequence[str]]


class PublishRun(Struct, frozen=True, kw_only=True):
    """Everything that publishing an offer requires. `tree` is a checkout of `commit`, the head of the branch
    `base`; branches are pushed to `target`, the URL or remote of `home`. `write_files` writes the files of an
    offer into the tree and returns their paths."""

    remote: Remote
    forge: Forge
    home: Repository
    git: Git
    tree: Path
    base: str
    commit: str
    target: str
    settings: Requests
    write_files: WriteFiles
    options: str = ""
    again: bool = False
    dry: bool = False
    warnings: tuple[str, ...] = ()  # about settings
    opened: list[str] = field(default_factory=list)  # branches of requests that were opened


def publish(run: PublishRun, offer: Offer) -> Report:
    """Publishes one offer. Raises SlimifyError if git or the forge fails."""
    for _ in range(_RACES):
        report = _attempt(run, offer)
        if report is not None:
            return report
    raise SlimifyError(
        REJECTED,
        f"someone else keeps moving the branch {offer.branch}",
        hint="run slimify again later",
    )


def _attempt(run: PublishRun, offer: Offer) -> Report | None:
    """One attempt to publish an offer; None if someone else was faster and a new attempt is needed."""
    run.forge.remarks.clear()
    found = run.forge.requests(run.home, offer.branch)
    current = next((item for item in found if item.state == "open"), None)
    last = found[0] if found else None
    tip = _tip(run, offer.branch)
    if not offer.changes:
        return _withdraw(run, offer, current, tip)
    obstacle = _obstacle(run, offer, current, last, tip)
    if obstacle is not None:
        code, why = obstacle
        return _report(run, offer, "left alone", current or last, code=code, why=why)
    with _staged_changes(run, offer) as (content, diff):
        if not content:
            why = f"{run.base} already has this change"
            return _report(run, offer, "nothing to offer", current, code=NO_DIFFERENCE, why=why)
        text = bodies.body(offer, content, _run_details(run, offer))
        moved = tip is None or tip.content != content
        if moved and not _push(run, offer, content, tip):
            return None
    if current is None:
        return _open_request(run, offer, text, diff)
    described = _update_description(run, offer, current, content, text)
    done: Done = "updated" if moved or described else "unchanged"
    return _report(run, offer, done, current, body=text, diff=diff if done == "updated" else "")


def _tip(run: PublishRun, branch: str) -> BranchTip | None:
    """The head of the branch at the push target; None if the branch does not exist."""
    at = run.git.branch_heads(run.target, branch).get(branch)
    if at is None:
        return None
    run.git.fetch(run.target, at)
    return commits.branch_tip(run.git, at, run.commit)


def _obstacle(
    run: PublishRun,
    offer: Offer,
    current: PullRequest | None,
    last: PullRequest | None,
    tip: BranchTip | None,
) -> tuple[str, str] | None:
    """The code and reason why the branch and its request must not be changed; None if they may be."""
    if offer.branch in (run.base, run.home.default_branch):
        return PROTECTED, f"{offer.branch} is the target branch of requests"
    if tip is not None and not tip.by_slimify:
        return COMMITS_BY_OTHERS, f"{offer.branch} has commits by others; they are kept"
    if current is None and last is not None and last.state == "closed" and not run.again:
        mark = bodies.parse_marker(last.body)
        if mark is None or not mark.withdrawn:
            return CLOSED_BY_PERSON, "someone closed the request; --again opens a new one"
    if tip is not None and run.forge.is_protected(run.home, offer.branch):
        return PROTECTED, f"{offer.branch} is protected"
    if current is None and (count := _open_count(run)) >= run.settings.limit:
        return LIMIT, f"the limit of open requests (--limit {run.settings.limit}) is reached: {count} open"
    return None


def _open_count(run: PublishRun) -> int:
    """The number of open requests by slimify. Whoever has a fork can open one that looks like them: only
    branches of the place that slimify pushes to count."""
    prefix = run.settings.branch_prefix
    found = (item for item in run.forge.open_requests(run.home) if bodies.parse_marker(item.body) is not None)
    return len({item.branch for item in found if item.branch.startswith(prefix)}.union(run.opened))


@contextlib.contextmanager
def _staged_changes(run: PublishRun, offer: Offer) -> Iterator[tuple[str, str]]:
    """Stages the files of an offer in the checkout and yields the checksum and the diff of the change. The
    checkout is clean again afterwards."""
    git = run.git
    try:
        git.run("add", "--force", "--", *run.write_files(run.tree, offer))
        diff = git.run("diff", "--cached", "--no-color", "--no-ext-diff", "--no-textconv", run.commit)
        yield commits.change_checksum(git, run.commit), diff
    finally:
        git.run("reset", "--quiet", "--hard", run.commit)
        git.run("clean", "-ffdqx")


def _push(run: PublishRun, offer: Offer, content: str, tip: BranchTip | None) -> bool:
    """Commits and pushes the staged files. False if someone else moved the branch meanwhile."""
    if run.dry:
        return True
    commit = commits.commit(run.git, offer, content, sign_off=run.settings.sign_off)
    return run.git.push(run.target, commit, offer.branch, tip.commit if tip is not None else "")


def _open_request(run: PublishRun, offer: Offer, text: str, diff: str) -> Report | None:
    settings = run.settings
    draft = NewPullRequest(
        title=offer.title,
        body=text,
        branch=offer.branch,
        base=run.base,
        draft=settings.draft,
        labels=settings.labels,
        reviewers=settings.reviewers,
    )
    request = run.forge.create(run.home, draft)
    if request is None:
        return None
    run.opened.append(offer.branch)
    return _report(run, offer, "opened", request, body=text, diff=diff)


def _update_description(run: PublishRun, offer: Offer, current: PullRequest, content: str, text: str) -> bool:
    """Updates the description if the change differs or sizes are now measured, and returns whether it did. A
    description that a person rewrote is kept."""
    mark = bodies.parse_marker(current.body)
    if mark is None or (mark.content == content and (mark.measured or not bodies.is_measured(offer))):
        return False
    run.forge.describe(current, bodies.replace_section(current.body, text))
    return True


def _withdraw(run: PublishRun, offer: Offer, current: PullRequest | None, tip: BranchTip | None) -> Report:
    """Closes a request that is no longer needed, unless others committed to its branch."""
    mark = bodies.parse_marker(current.body) if current is not None else None
    if current is None or mark is None or not offer.settled:
        return _report(run, offer, "nothing to offer", current)
    if tip is not None and not tip.by_slimify:
        why = f"{offer.branch} has commits by others; they are kept"
        return _report(run, offer, "left alone", current, code=COMMITS_BY_OTHERS, why=why)
    why = f"{run.base} no longer needs this change"
    run.forge.close(current, bodies.mark_as_withdrawn(current.body), f"Closed by slimify: {why}.")
    return _report(run, offer, "withdrawn", current, why=why)


def _run_details(run: PublishRun, offer: Offer) -> bodies.RunDetails:
    return bodies.RunDetails(
        commit=run.commit[:12],
        options=run.options,
        owners=owners(run.tree, run.remote.kind, offer.files),
        forge=NAMES[run.remote.kind],
    )


def _report(
    run: PublishRun,
    offer: Offer,
    done: Done,
    request: PullRequest | None,
    *,
    code: str = "",
    why: str = "",
    body: str = "",
    diff: str = "",
) -> Report:
    return Report(
        done=done,
        offer=offer,
        base=run.base,
        target=run.target,
        url=request.url if request else "",
        body=body,
        diff=diff,
        code=code,
        why=why,
        remarks=tuple(run.forge.remarks),
    )
