"""One offer → a branch, a commit, a request; or what speaks against that.

Whatever is there already decides: the commits of a person, a request that was closed, one that says the
same. Two runs at once see each other's work, and the second one goes on with it.
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
from slimify.publish.git import Git
from slimify.publish.model import (
    NAMES,
    SAID_NO,
    Done,
    Draft,
    Forge,
    Offer,
    Place,
    Report,
    Repository,
    Request,
)
from slimify.publish.owners import owners

COMMITS_OF_OTHERS, CLOSED, LIMIT, PROTECTED, NOTHING = "SL801", "SL802", "SL803", "SL804", "SL805"
_RACES = 3

Fill = Callable[[Path, Offer], Sequence[str]]


class Site(Struct, frozen=True, kw_only=True):
    """Where requests are made: `tree` is a checkout of `commit`, the tip of the branch `base`; branches are
    pushed to `target`, which belongs to `home`. `fill` writes the files of an offer into the tree."""

    place: Place
    forge: Forge
    home: Repository
    git: Git
    tree: Path
    base: str
    commit: str
    target: str
    settings: Requests
    fill: Fill
    options: str = ""
    again: bool = False
    dry: bool = False
    made: list[str] = field(default_factory=list)  # branches of requests that were opened


def publish(site: Site, offer: Offer) -> Report:
    """What comes of one offer. Raises SlimifyError where git or the forge fail."""
    for _ in range(_RACES):
        report = _once(site, offer)
        if report is not None:
            return report
    raise SlimifyError(
        SAID_NO,
        f"the branch {offer.branch} is moved by somebody else again and again",
        hint="run slimify again later",
    )


def _once(site: Site, offer: Offer) -> Report | None:
    """None where somebody else was faster: what is there has to be looked at anew."""
    site.forge.remarks.clear()
    found = site.forge.requests(site.home, offer.branch)
    current = next((item for item in found if item.state == "open"), None)
    last = found[0] if found else None
    tip = _tip(site, offer.branch)
    if not offer.changes:
        return _without_changes(site, offer, current, tip)
    why = _against(site, offer, current, last, tip)
    if why is not None:
        return _report(site, offer, "left alone", current or last, code=why[0], why=why[1])
    with _staged(site, offer) as (content, diff):
        if not content:
            return _report(
                site, offer, "nothing to offer", current, code=NOTHING, why=f"{site.base} has it already"
            )
        text = bodies.body(offer, content, _setting(site, offer))
        moved = tip is None or tip.content != content
        if moved and not _pushed(site, offer, content, tip):
            return None
    if current is None:
        return _opened(site, offer, text, diff)
    described = _described(site, offer, current, content, text)
    done: Done = "updated" if moved or described else "unchanged"
    return _report(site, offer, done, current, body=text, diff=diff if done == "updated" else "")


def _tip(site: Site, branch: str) -> commits.Tip | None:
    """What the branch has where it is pushed to; None where it is not there."""
    at = site.git.tips(site.target, branch).get(branch)
    if at is None:
        return None
    site.git.bring(site.target, at)
    return commits.tip(site.git, at, site.commit)


def _against(
    site: Site, offer: Offer, current: Request | None, last: Request | None, tip: commits.Tip | None
) -> tuple[str, str] | None:
    """Why the branch and its request have to stay as they are: code and sentence."""
    if offer.branch in (site.base, site.home.default_branch):
        return PROTECTED, f"{offer.branch} is the branch that requests go to"
    if tip is not None and not tip.ours:
        return COMMITS_OF_OTHERS, f"{offer.branch} has commits that are not slimify's; they stay"
    if current is None and last is not None and last.state == "closed" and not site.again:
        mark = bodies.mark(last.body)
        if mark is None or not mark.withdrawn:
            return CLOSED, "a person closed the request; --again makes a new one"
    if tip is not None and site.forge.protected(site.home, offer.branch):
        return PROTECTED, f"{offer.branch} is protected"
    if current is None and (count := _open(site)) >= site.settings.limit:
        most = f"no more than {site.settings.limit} of slimify's requests may be open at a time"
        return LIMIT, f"{most} (--limit), and there are {count}"
    return None


def _open(site: Site) -> int:
    """How many requests of slimify's are open."""
    prefix = site.settings.branch_prefix
    found = (item for item in site.forge.open_requests() if bodies.mark(item.body) is not None)
    return len({item.branch for item in found if item.branch.startswith(prefix)}.union(site.made))


@contextlib.contextmanager
def _staged(site: Site, offer: Offer) -> Iterator[tuple[str, str]]:
    """The files of an offer in the index of the checkout, which is clean again afterwards → what changes,
    as a checksum and as a diff."""
    git = site.git
    try:
        git.run("add", "--force", "--", *site.fill(site.tree, offer))
        diff = git.run("diff", "--cached", "--no-color", "--no-ext-diff", "--no-textconv", site.commit)
        yield commits.changed(git, site.commit), diff
    finally:
        git.run("reset", "--quiet", "--hard", site.commit)
        git.run("clean", "-ffdqx")


def _pushed(site: Site, offer: Offer, content: str, tip: commits.Tip | None) -> bool:
    """Whether the branch is now at a new commit; False where it was moved meanwhile."""
    if site.dry:
        return True
    made = commits.commit(site.git, offer, content, sign_off=site.settings.sign_off)
    return site.git.push(site.target, made, offer.branch, tip.commit if tip is not None else "")


def _opened(site: Site, offer: Offer, text: str, diff: str) -> Report | None:
    settings = site.settings
    draft = Draft(
        title=offer.title,
        body=text,
        branch=offer.branch,
        base=site.base,
        draft=settings.draft,
        labels=settings.labels,
        reviewers=settings.reviewers,
    )
    made = site.forge.create(site.home, draft)
    if made is None:
        return None
    site.made.append(offer.branch)
    return _report(site, offer, "opened", made, body=text, diff=diff)


def _described(site: Site, offer: Offer, current: Request, content: str, text: str) -> bool:
    """Whether the text of a request had to be changed: for another content, or measured sizes instead of
    estimated ones. A text that a person rewrote stays."""
    mark = bodies.mark(current.body)
    if mark is None or (mark.content == content and (mark.measured or not bodies.measured(offer))):
        return False
    site.forge.describe(current, bodies.replaced(current.body, text))
    return True


def _without_changes(site: Site, offer: Offer, current: Request | None, tip: commits.Tip | None) -> Report:
    """Takes back a request that is no longer due, if nobody else worked on it."""
    mark = bodies.mark(current.body) if current is not None else None
    if current is None or mark is None or not offer.settled:
        return _report(site, offer, "nothing to offer", current)
    if tip is not None and not tip.ours:
        why = f"{offer.branch} has commits that are not slimify's; they stay"
        return _report(site, offer, "left alone", current, code=COMMITS_OF_OTHERS, why=why)
    why = f"{site.base} no longer needs this change"
    site.forge.close(current, bodies.withdrawn(current.body), f"Closed by slimify: {why}.")
    return _report(site, offer, "withdrawn", current, why=why)


def _setting(site: Site, offer: Offer) -> bodies.Setting:
    return bodies.Setting(
        commit=site.commit[:12],
        options=site.options,
        owners=owners(site.tree, site.place.kind, offer.files),
        forge=NAMES[site.place.kind],
    )


def _report(
    site: Site,
    offer: Offer,
    done: Done,
    request: Request | None,
    *,
    code: str = "",
    why: str = "",
    body: str = "",
    diff: str = "",
) -> Report:
    return Report(
        done=done,
        offer=offer,
        base=site.base,
        target=site.target,
        url=request.url if request else "",
        body=body,
        diff=diff,
        code=code,
        why=why,
        remarks=tuple(site.forge.remarks),
    )
