"""Rewrites the Dockerfiles of a repository and opens pull requests with the results."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from slimify import config
from slimify.app.locate import find
from slimify.app.prove import silent_listeners
from slimify.app.rewrite import rewrite_files
from slimify.app.write import write_file
from slimify.config.pr import ForgeKind, requests
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome
from slimify.publish import git as gits
from slimify.publish import names, publisher
from slimify.publish import remote as remotes
from slimify.publish.git import Git
from slimify.publish.model import (
    NAMES,
    NO_REPOSITORY,
    RATE_LIMITED,
    TOKEN_REJECTED,
    UNREACHABLE,
    Change,
    Forge,
    Offer,
    Remote,
    Report,
)
from slimify.publish.publisher import PublishRun
from slimify.publish.token import Login, Token

if TYPE_CHECKING:
    from slimify.app.dockerfiles import Source
    from slimify.app.prove import Listeners, ProofOptions
    from slimify.publish.client import Client
    from slimify.verify.model import Proof

    Result = tuple[Source, Outcome, Proof | None]

_SUBJECTS = 50
_NOT_LOOKED_UP = "existing branches and requests were not looked up, as there is no token"
_FATAL = (TOKEN_REJECTED, RATE_LIMITED, UNREACHABLE)  # the next request fares no better


class PublishOptions(Struct, frozen=True, kw_only=True):
    """How to open pull requests. `settings` overrides fields of Options from settings files, `requests`
    those of the table [pr] (`config.pr.Requests`). `fork` pushes to a fork; `again` opens a new request
    after someone closed the old one; `dry` sends nothing. Images are built only if `proving` is set; with
    its `best_effort`, not in a dry run."""

    paths: tuple[str, ...]
    exclude: tuple[str, ...] = ()  # what a search skips
    context: Path | None = None
    settings: dict[str, object] = field(default_factory=dict)
    requests: dict[str, Any] = field(default_factory=dict)
    remote: str = "origin"
    fork: bool = False
    again: bool = False
    dry: bool = False
    proving: ProofOptions | None = None
    listeners: Callable[[], Listeners] = silent_listeners


class Published(Struct, frozen=True):
    """The result of one offer, a report or an error, with the results of its files."""

    offer: Offer
    results: tuple[Result, ...]
    report: Report | None = None
    error: SlimifyError | None = None

    @property
    def is_protected(self) -> bool:
        """Whether the branch must not be pushed to."""
        return self.report is not None and self.report.code == publisher.PROTECTED


def open_requests(asked: PublishOptions) -> Iterator[Published]:
    """Opens or updates the pull requests one by one. Raises SlimifyError if none can be opened at all."""
    from slimify.engine.process import cleanup_on_signals

    root = _repository(asked.paths)
    here = [_inside(root, path) for path in asked.paths]
    context = _inside(root, str(asked.context)) if asked.context is not None else None
    proving, why = _proof_wanted(asked)
    with cleanup_on_signals(), _publish_run(asked, root) as (run, client), contextlib.chdir(run.tree):
        place = Path(context) if context is not None else None
        results, unbuilt = _results(replace(asked, proving=proving), run, here, place)
        sources = {outcome.file: source for source, outcome, _ in results}
        run = replace(run, write_files=lambda tree, offer: _write_files(run, tree, offer, sources))
        calls = len(client.calls) if not asked.fork else 0
        notice = [*run.warnings, *([_NOT_LOOKED_UP] if client.offline else [])]
        if why and asked.proving is not None:
            notice.append(f"the images were not built: {why}")
        unbuilt = {outcome.file: unbuilt.get(outcome.file, why) for _, outcome, _ in results}
        for offer, concerned in _due(run, _offers(run, results, unbuilt)):
            try:
                report = publisher.publish(run, offer) if offer.branch else None
            except SlimifyError as error:
                yield Published(offer, concerned, error=error)
                if error.code in _FATAL:
                    return
            else:
                if report is not None:
                    own = (warning for _, outcome, _ in concerned for warning in outcome.warnings)
                    remarks = tuple(dict.fromkeys((*report.remarks, *notice, *own)))
                    report = replace(report, calls=tuple(client.calls[calls:]), remarks=remarks)
                    notice = []  # only in the first report
                yield Published(offer, concerned, report)
            calls = len(client.calls)


# --- the repository and its forge ---------------------------------------------------------------


def _repository(paths: Sequence[str]) -> Path:
    """The root of the repository that contains all paths."""
    found = {gits.repository(_directory(path)) for path in paths}
    if len(found) > 1:
        several = ", ".join(sorted(map(str, found)))
        raise SlimifyError(NO_REPOSITORY, f"the paths belong to several repositories: {several}")
    return found.pop()


def _directory(path: str) -> Path:
    return Path(path) if Path(path).is_dir() else Path(path).parent


def _inside(root: Path, path: str) -> str:
    """A path relative to the repository root. Only symlinks among its parents are resolved."""
    folder = Path(os.path.realpath(_directory(path)))
    if folder.is_relative_to(os.path.realpath(root)):
        whole = folder if Path(path).is_dir() else folder / Path(path).name
        return os.path.relpath(whole, os.path.realpath(root))
    raise SlimifyError(NO_REPOSITORY, f"{path} is outside the repository {root}")


@contextlib.contextmanager
def _publish_run(asked: PublishOptions, root: Path) -> Iterator[tuple[PublishRun, Client]]:
    """The context of publishing, with a temporary checkout of the base branch, and the API client."""
    options = config.load(root, None, asked.settings)
    settings = replace(requests(options.pr), **asked.requests)
    with gits.own_clone(root, asked.remote) as git:
        url = gits.push_url(git, asked.remote)
        remote = remotes.parse_remote(url, settings.forge, settings.api_url)
        token = remotes.forge_token(remote.kind)
        if not token and not asked.dry:
            raise remotes.missing_token(remote.kind)
        forge, client = _forge(remote, token, dry=asked.dry)
        repository = forge.repository()
        home = forge.fork() if asked.fork else repository
        if remotes.is_private(url) or remotes.is_same_host(url, settings.api_url):
            git = replace(git, login=Login(user=_USERS[remote.kind], token=token, urls=(url,)))
        base, commit = _base(git, asked.remote, settings.base or repository.default_branch)
        git.fetch(asked.remote, commit)
        with git.checkout(commit) as tree:
            run = PublishRun(
                remote=remote,
                forge=forge,
                home=home,
                git=git.in_directory(tree),
                tree=tree,
                base=base,
                commit=commit,
                target=remotes.fork_url(url, remote.path, home.path) if asked.fork else asked.remote,
                settings=settings,
                write_files=lambda _tree, _offer: (),
                options="".join(f" {shlex.quote(word)}" for word in config.words(asked.settings)),
                again=asked.again,
                dry=asked.dry,
                warnings=options.warnings("pr"),
            )
            yield run, client


def _base(git: Git, remote: str, wanted: str) -> tuple[str, str]:
    """The target branch, by default that of the remote, and its newest commit."""
    heads = git.branch_heads(remote, *([wanted] if wanted else []))
    base = wanted or heads.get("HEAD", "")
    commit = heads.get(base) or git.branch_heads(remote, base).get(base, "")
    if not commit:
        raise SlimifyError(NO_REPOSITORY, f'the remote "{remote}" has no branch "{base}"')
    return base, commit


_USERS = {"github": "x-access-token", "gitlab": "oauth2", "gitea": "oauth2"}


def _forge(remote: Remote, token: Token, *, dry: bool) -> tuple[Forge, Client]:
    from slimify.publish import gitea, github, gitlab
    from slimify.publish.client import Client

    kinds: dict[ForgeKind, tuple[Callable[[Remote, Client], Forge], dict[str, str]]] = {
        "github": (github.GitHub, github.headers(token)),
        "gitlab": (gitlab.GitLab, gitlab.headers(token)),
        "gitea": (gitea.Gitea, gitea.headers(token)),
    }
    kind, headers = kinds[remote.kind]
    name, offline = NAMES[remote.kind], dry and not token
    client = Client(url=remote.api, name=name, headers=headers, token=token, dry=dry, offline=offline)
    return kind(remote, client), client


def _proof_wanted(asked: PublishOptions) -> tuple[ProofOptions | None, str]:
    """How to verify, or None and why nothing is built."""
    from slimify.engine.detect import detect
    from slimify.engine.model import EngineProblem

    if asked.proving is None:
        return None, "`--no-verify` was given"
    if asked.proving.best_effort:
        if asked.dry:
            return None, "a dry run builds nothing without --verify"
        try:
            with detect(asked.proving.engine):
                pass
        except EngineProblem as problem:
            return None, problem.message
    return asked.proving, ""


# --- what is offered ----------------------------------------------------------------------------


def _results(
    asked: PublishOptions, run: PublishRun, paths: list[str], context: Path | None
) -> tuple[list[Result], dict[str, str]]:
    """The results for the Dockerfiles of the checkout, which is the working directory; and why the original
    of a file could not be built, where that stops nothing."""
    todo = list(find(paths, exclude=asked.exclude, command="pr"))
    given = {**config.STRANGERS, **asked.settings}
    with contextlib.nullcontext() if asked.proving is None else run.git.standalone(run.commit):
        results = list(rewrite_files(todo, context, given, asked.proving, asked.listeners))
    if asked.proving is None or not asked.proving.best_effort:
        return results, {}
    unbuilt = {o.file: p.problem for _, o, p in results if p is not None and p.verdict == "not built"}
    return [(s, o, None if o.file in unbuilt else p) for s, o, p in results], unbuilt


def _offers(
    run: PublishRun, results: list[Result], unbuilt: Mapping[str, str]
) -> Iterator[tuple[Offer, tuple[Result, ...]]]:
    """What is offered, with the results. `unbuilt` states by file why its images were not built."""
    subjects = run.git.run("log", f"-{_SUBJECTS}", "--format=%s", run.commit).splitlines()
    typed = names.conventional(run.settings.title, subjects)
    alone = run.settings.per == "image"
    for group in ((result,) for result in results) if alone else (tuple(results),):
        changes = tuple(
            Change(outcome=o, proof=p, unbuilt="" if p is not None else unbuilt[o.file])
            for _, o, p in group
            if o.after is not None and _proven(p)
        )
        files = [change.outcome.file for change in changes] or [outcome.file for _, outcome, _ in group]
        offer = Offer(
            branch=names.branch(run.settings.branch_prefix, group[0][1].file if alone else ""),
            title=names.title(files, typed=typed),
            changes=changes,
            settled=all(outcome.error is None and _proven(proof) for _, outcome, proof in group),
        )
        yield offer, group


def _proven(proof: Proof | None) -> bool:
    return proof is None or proof.verdict == "equal"


def _due(
    run: PublishRun, offers: Iterator[tuple[Offer, tuple[Result, ...]]]
) -> Iterator[tuple[Offer, tuple[Result, ...]]]:
    """The offers, without a branch name where there are neither changes nor an existing branch: these need
    no call to the forge."""
    found = list(offers)
    idle = [offer.branch for offer, _ in found if not offer.changes]
    there = run.git.branch_heads(run.target, *idle) if idle else {}
    for offer, group in found:
        known = offer.changes or offer.branch in there
        yield (offer if known else replace(offer, branch="")), group


def _write_files(run: PublishRun, tree: Path, offer: Offer, sources: dict[str, Source]) -> list[str]:
    """Writes the files of an offer into the checkout and returns their paths in it."""
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
            outcome = replace(outcome, ignore=None)  # another change of this request contains it
        if outcome.ignore is not None:
            noted(tree / outcome.ignore.path)
        done = write_file(outcome, source)
        if done.error is not None:
            raise done.error
        if change.proof is not None and change.proof.constraints:
            kept = learned_settings.save_constraints(source.target.directory, change.proof.constraints)
            if kept.is_written:
                noted(kept.path)
            else:
                run.forge.remarks.append(kept.message.strip())
    return list(dict.fromkeys(written))
