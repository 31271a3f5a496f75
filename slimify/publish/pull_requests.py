"""The calls that GitHub and Gitea share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field

from slimify.model.errors import SlimifyError
from slimify.publish.client import Client, Response
from slimify.publish.model import REJECTED, NewPullRequest, PullRequest, Remote, Repository

_FORK_LOOKS = 10


class RepositoryAnswer(Struct, frozen=True):
    """A repository, as far as it matters."""

    full_name: str
    default_branch: str


class BranchAnswer(Struct, frozen=True):
    protected: bool = False


class _Name(Struct, frozen=True):
    full_name: str


class HeadAnswer(Struct, frozen=True):
    """The branch of a pull request. `repo` is None after the fork is deleted."""

    ref: str
    label: str | None = None
    repo: _Name | None = None

    def is_in(self, home: Repository) -> bool:
        return self.repo is not None and self.repo.full_name == home.path


class PullAnswer(Struct, frozen=True):
    """A pull request. GitHub states when it was merged, Gitea whether."""

    number: int
    html_url: str
    state: str
    title: str
    head: HeadAnswer
    body: str | None = None
    merged_at: str | None = None
    merged: bool | None = False

    def pull_request(self, branch: str) -> PullRequest:
        merged = self.merged or self.merged_at
        return PullRequest(
            number=self.number,
            url=self.html_url,
            state="merged" if merged else "open" if self.state == "open" else "closed",
            title=self.title,
            body=self.body or "",
            branch=branch,
        )


class PullRequests(Struct):
    """One repository."""

    remote: Remote
    client: Client
    remarks: list[str] = field(default_factory=list)

    @property
    def repo(self) -> str:
        return f"/repos/{self.remote.path}"

    def repository(self) -> Repository:
        """The repository; for an offline client, as far as its address identifies it. Raises SlimifyError if
        it does not exist or the token can't access it."""
        found, path = self.client.get(self.repo, RepositoryAnswer), self.remote.path
        if found is None and not self.client.offline:
            raise SlimifyError(
                REJECTED,
                f"{self.client.name} has no repository {path} that this token can access",
                hint="if the repository is private, use a token with access to it",
            )
        return read(found) if found else Repository(id=path, path=path, default_branch="")

    def is_protected(self, home: Repository, branch: str) -> bool:
        found = self.client.get(f"/repos/{home.path}/branches/{quote(branch, safe='')}", BranchAnswer)
        return found is not None and found.protected

    def made(self, answer: Response, draft: NewPullRequest) -> PullRequest:
        """The pull request that a call created."""
        if self.client.dry:
            title, body = draft.title, draft.body
            return PullRequest(number=0, url="", state="open", title=title, body=body, branch=draft.branch)
        return self.client.read(answer, PullAnswer).pull_request(draft.branch)

    def head(self, home: Repository, draft: NewPullRequest) -> str:
        """The branch of a new pull request, with the owner of the fork that has it."""
        return draft.branch if home.path == self.remote.path else f"{home.owner}:{draft.branch}"

    def request_reviews(self, request: PullRequest, reviewers: Sequence[str]) -> None:
        if reviewers:
            people = [name for name in reviewers if "/" not in name]
            teams = [name.rpartition("/")[2] for name in reviewers if "/" in name]
            path = f"{self.repo}/pulls/{request.number or 'NUMBER'}/requested_reviewers"
            self.try_post(path, {"reviewers": people, "team_reviewers": teams}, "reviewers")

    def try_post(self, path: str, body: dict[str, Any], what: str) -> None:
        """A failure becomes a remark, because the request itself exists."""
        try:
            self.client.change("POST", path, body)
        except SlimifyError as error:
            self.remarks.append(f"{what} not set: {error.message}")

    def describe(self, request: PullRequest, body: str) -> None:
        self.client.change("PATCH", f"{self.repo}/pulls/{request.number}", {"body": body})

    def close(self, request: PullRequest, body: str, comment: str) -> None:
        self.client.change("PATCH", f"{self.repo}/pulls/{request.number}", {"body": body, "state": "closed"})
        path = f"{self.repo}/issues/{request.number}/comments"
        self.client.change("POST", path, {"body": comment}, once=True)


def unsent_fork(remote: Remote) -> Repository:
    """A placeholder for the fork that a dry run does not create."""
    name = remote.path.rpartition("/")[2]
    return Repository(id=f"YOU/{name}", path=f"YOU/{name}", default_branch="")


def ready_fork(client: Client, found: RepositoryAnswer) -> Repository:
    """The fork, once the forge has finished creating it. Raises SlimifyError if that takes too long."""
    fork = read(found)
    for look in range(_FORK_LOOKS):
        if client.get(f"/repos/{fork.path}/branches/{quote(fork.default_branch, safe='')}", BranchAnswer):
            return fork
        time.sleep(min(2.0**look, 15))
    raise SlimifyError(REJECTED, f"the fork {fork.path} is not ready yet", hint="run slimify again later")


def read(found: RepositoryAnswer) -> Repository:
    """The repository in a response."""
    return Repository(
        id=found.full_name,
        path=found.full_name,
        default_branch=found.default_branch,
    )
