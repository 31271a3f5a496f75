"""Dockerfiles of a repository → requests for review of what came of them."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from slimify import config
from slimify.app.locate import find
from slimify.app.prove import silent
from slimify.app.rewrite import rewrite_files
from slimify.app.write import write_file
from slimify.config.pr import requests
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome
from slimify.publish import git as gits
from slimify.publish import names, remote, steps
from slimify.publish.git import Git, Login
from slimify.publish.model import (
    NO_REPOSITORY,
    RATE_LIMITED,
    TOKEN_REFUSED,
    UNREACHABLE,
    Change,
    Forge,
    Offer,
    Place,
    Report,
    Repository,
)
from slimify.publish.steps import Site

if TYPE_CHECKING:
    from slimify.app.dockerfiles import Source
    from slimify.app.prove import Listeners, ProofOptions
    from slimify.publish.client import Client
    from slimify.verify.model import Proof

    Result = tuple[Source, Outcome, Proof | None]

_SUBJECTS = 50
_UNSEEN = "existing branches and requests were not looked up, as there is no token"
_HOPELESS = (TOKEN_REFUSED, RATE_LIMITED, UNREACHABLE)  # the next request fares no better


class PublishOptions(Struct, frozen=True, kw_only=True):
    """How to open requests for review. `settings`: fields of Options that override those of settings files;
    `requests`: the same for the table [pr], by the fields of `config.pr.Requests`; `fork`: the branch goes to
    a fork; `again`: a request that somebody closed is opened anew; `dry`: nothing is sent; `proving` None:
    nothing is built."""

    paths: tuple[str, ...]
    context: Path | None = None
    settings: dict[str, object] = field(default_factory=dict)
    requests: dict[str, Any] = field(default_factory=dict)
    remote: str = "origin"
    fork: bool = False
    again: bool = False
    dry: bool = False
    proving: ProofOptions | None = None
    listeners: Callable[[], Listeners] = silent


class Published(Struct, frozen=True):
    """What came of one offer: a report, or an error; and of the files in it."""

    offer: Offer
    results: tuple[Result, ...]
    report: Report | None = None
    error: SlimifyError | None = None

    @property
    def is_protected(self) -> bool:
        """Whether the branch may not be written to."""
        return self.report is not None and self.report.code == steps.PROTECTED


def open_requests(asked: PublishOptions) -> Iterator[Published]:
    """One after the other. Raises SlimifyError where nothing can be offered at all."""
    from slimify.engine.process import terminable

    git = _repository(asked.paths)
    here = [_inside(git.directory, path) for path in asked.paths]
    context = _inside(git.directory, str(asked.context)) if asked.context is not None else None
    with terminable(), _site(asked, git) as (site, client), contextlib.chdir(site.tree):
        results = list(_results(asked, site, here, Path(context) if context is not None else None))
        sources = {outcome.file: source for source, outcome, _ in results}
        site = replace(site, fill=lambda tree, offer: _filled(site, tree, offer, sources))
        calls = len(client.calls) if not asked.fork else 0
        unseen = [_UNSEEN] if client.blind else []
        for offer, concerned in _due(site, _offers(site, results)):
            try:
                report = steps.publish(site, offer) if offer.branch else None
            except SlimifyError as error:
                yield Published(offer, concerned, error=error)
                if error.code in _HOPELESS:
                    return
            else:
                if report is not None:
                    remarks = (*report.remarks, *unseen)
                    report = replace(report, calls=tuple(client.calls[calls:]), remarks=remarks)
                    unseen = []  # said once
                yield Published(offer, concerned, report)
            calls = len(client.calls)


# --- the repository and its forge ---------------------------------------------------------------


def _repository(paths: Sequence[str]) -> Git:
    """The one that all paths are in."""
    found = {gits.repository(_directory(path)) for path in paths}
    if len(found) > 1:
        several = ", ".join(sorted(str(git.directory) for git in found))
        raise SlimifyError(NO_REPOSITORY, f"the paths belong to several repositories: {several}")
    return found.pop()


def _directory(path: str) -> Path:
    return Path(path) if Path(path).is_dir() else Path(path).parent


def _inside(root: Path, path: str) -> str:
    """A path as seen from the root of its repository; links in front of it are followed, it is not."""
    place = Path(os.path.realpath(_directory(path)))
    if place.is_relative_to(os.path.realpath(root)):
        whole = place if Path(path).is_dir() else place / Path(path).name
        return os.path.relpath(whole, os.path.realpath(root))
    raise SlimifyError(NO_REPOSITORY, f"{path} is outside the repository {root}")


@contextlib.contextmanager
def _site(asked: PublishOptions, git: Git) -> Iterator[tuple[Site, Client]]:
    """Where requests are made, with a checkout of what they are made against."""
    settings = replace(requests(config.load(git.directory).pr), **asked.requests)
    url = gits.remote_url(git, asked.remote)
    place = remote.place(url, settings.forge, settings.api_url)
    token = remote.token(place.kind)
    if not token and not asked.dry:
        raise remote.missing(place.kind)
    forge, client = _forge(place, token, dry=asked.dry)
    repository = forge.repository()
    home = forge.fork() if asked.fork else repository
    git = replace(git, login=Login(user=_USERS[place.kind], token=token, urls=(url, home.https)))
    tips = git.tips(asked.remote, *([settings.base] if settings.base else []))
    base = settings.base or repository.default_branch or tips.get("HEAD", "")
    commit = tips.get(base) or git.tips(asked.remote, base).get(base, "")
    if not commit:
        raise SlimifyError(NO_REPOSITORY, f'the remote "{asked.remote}" has no branch "{base}"')
    git.bring(asked.remote, commit)
    with git.checkout(commit) as tree:
        site = Site(
            place=place,
            forge=forge,
            home=home,
            git=git.within(tree),
            tree=tree,
            base=base,
            commit=commit,
            target=_target(url, home, asked),
            settings=settings,
            fill=lambda _tree, _offer: (),
            options="".join(f" {shlex.quote(word)}" for word in config.words(asked.settings)),
            again=asked.again,
            dry=asked.dry,
        )
        yield site, client


_USERS = {"github": "x-access-token", "gitlab": "oauth2", "gitea": "oauth2"}


def _forge(place: Place, token: str, *, dry: bool) -> tuple[Forge, Client]:
    from slimify.publish import gitea, github, gitlab

    blind = dry and not token
    if place.kind == "github":
        client = github.client(place, token, dry=dry, blind=blind)
        return github.GitHub(place, client), client
    if place.kind == "gitlab":
        client = gitlab.client(place, token, dry=dry, blind=blind)
        return gitlab.GitLab(place, client), client
    client = gitea.client(place, token, dry=dry, blind=blind)
    return gitea.Gitea(place, client), client


def _target(url: str, home: Repository, asked: PublishOptions) -> str:
    """What branches are pushed to: the remote itself, or the fork, spoken to in the same way."""
    if not asked.fork:
        return asked.remote
    return (
        home.https if url.startswith(("http://", "https://", "file://", "/")) else home.ssh
    ) or asked.remote


# --- what is offered ----------------------------------------------------------------------------


def _results(asked: PublishOptions, site: Site, paths: list[str], context: Path | None) -> Iterator[Result]:
    """What comes of each Dockerfile of the checkout, which is the working directory."""
    todo = list(find(paths))
    with contextlib.nullcontext() if asked.proving is None else site.git.standalone(site.commit):
        yield from rewrite_files(todo, context, asked.settings, asked.proving, asked.listeners)


def _offers(site: Site, results: list[Result]) -> Iterator[tuple[Offer, tuple[Result, ...]]]:
    subjects = site.git.run("log", f"-{_SUBJECTS}", "--format=%s", site.commit).splitlines()
    typed = names.conventional(site.settings.title, subjects)
    alone = site.settings.per == "image"
    for group in ((result,) for result in results) if alone else (tuple(results),):
        changes = tuple(Change(outcome=o, proof=p) for _, o, p in group if o.after is not None and _proven(p))
        files = [change.outcome.file for change in changes] or [outcome.file for _, outcome, _ in group]
        offer = Offer(
            branch=names.branch(site.settings.branch_prefix, group[0][1].file if alone else ""),
            title=names.title(files, typed=typed),
            changes=changes,
            settled=all(outcome.error is None and _proven(proof) for _, outcome, proof in group),
        )
        yield offer, group


def _proven(proof: Proof | None) -> bool:
    return proof is None or proof.verdict == "equal"


def _due(
    site: Site, offers: Iterator[tuple[Offer, tuple[Result, ...]]]
) -> Iterator[tuple[Offer, tuple[Result, ...]]]:
    """The forge is not asked about what has nothing to offer and no branch."""
    found = list(offers)
    idle = [offer.branch for offer, _ in found if not offer.changes]
    there = site.git.tips(site.target, *idle) if idle else {}
    for offer, group in found:
        known = offer.changes or offer.branch in there
        yield (offer if known else replace(offer, branch="")), group


def _filled(site: Site, tree: Path, offer: Offer, sources: dict[str, Source]) -> list[str]:
    """Writes the files of an offer into the checkout → their paths in it."""
    from slimify.app import learned_settings

    written: list[str] = []

    def noted(path: Path) -> None:
        inside = path.resolve()
        if not inside.is_relative_to(tree):
            raise SlimifyError(NO_REPOSITORY, f"{path} is a symlink that leads out of the repository")
        written.append(str(inside.relative_to(tree)))

    for change in offer.changes:
        outcome, source = change.outcome, sources[change.outcome.file]
        noted(tree / outcome.file)
        if outcome.ignore is not None and outcome.ignore.path in written:
            outcome = replace(outcome, ignore=None)  # another one in this request brings it
        if outcome.ignore is not None:
            noted(tree / outcome.ignore.path)
        done = write_file(outcome, source)
        if done.error is not None:
            raise done.error
        if change.proof is not None and change.proof.constraints:
            kept = learned_settings.kept(source.target.directory, change.proof.constraints)
            if kept.is_written:
                noted(kept.path)
            else:
                site.forge.remarks.append(kept.message.strip())
    return list(dict.fromkeys(written))
