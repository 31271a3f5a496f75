"""Pull requests on Gitea and Forgejo, which have the same API (https://docs.gitea.com/api/)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from slimify.model.errors import SlimifyError
from slimify.publish import pull_requests
from slimify.publish.model import REJECTED, NewPullRequest, PullRequest, Repository
from slimify.publish.pull_requests import PullAnswer, PullRequests, RepositoryAnswer
from slimify.publish.token import Token


def headers(token: Token) -> dict[str, str]:
    return {"Authorization": f"token {token.value}"} if token else {}


class _User(Struct, frozen=True):
    login: str


class _Fork(RepositoryAnswer, frozen=True, kw_only=True):
    owner: _User


class _Label(Struct, frozen=True):
    id: int
    name: str


class Gitea(PullRequests):
    """One repository on Gitea."""

    def fork(self) -> Repository:
        answer = self.client.change("POST", f"{self.repo}/forks", {}, accepted=(409,))
        if answer.status == 409:
            user = self.client.get("/user", _User)
            forks = self.client.pages(f"{self.repo}/forks", _Fork, limit=50)
            found = next((item for item in forks if item.owner == user), None)
            if found is None:
                raise SlimifyError(REJECTED, "Gitea can't create a fork: its name is taken")
            return pull_requests.ready_fork(self.client, found)
        if self.client.dry:
            return pull_requests.unsent_fork(self.remote)
        return pull_requests.ready_fork(self.client, self.client.read(answer, RepositoryAnswer))

    def requests(self, home: Repository, branch: str) -> tuple[PullRequest, ...]:
        # the API has no filter by branch
        found = self.client.pages(
            f"{self.repo}/pulls", PullAnswer, state="all", sort="recentupdate", limit=50
        )
        return tuple(item.pull_request(branch) for item in found if _comes_from(item, home, branch))

    def open_requests(self, home: Repository) -> tuple[PullRequest, ...]:
        found = self.client.pages(f"{self.repo}/pulls", PullAnswer, state="open", limit=50)
        own = (item for item in found if item.head.is_in(home))
        return tuple(item.pull_request(item.head.label or item.head.ref) for item in own)

    def create(self, home: Repository, draft: NewPullRequest) -> PullRequest | None:
        body: dict[str, Any] = {
            "title": f"WIP: {draft.title}" if draft.draft else draft.title,
            "head": self.head(home, draft),
            "base": draft.base,
            "body": draft.body,
        }
        labels = self._ids(draft.labels)
        if labels:
            body["labels"] = labels
        answer = self.client.change("POST", f"{self.repo}/pulls", body, accepted=(409,))
        if answer.status == 409:
            return None
        made = self.made(answer, draft)
        self.request_reviews(made, draft.reviewers)
        return made

    def _ids(self, names: tuple[str, ...]) -> list[int]:
        """The IDs of labels. A label that does not exist is skipped with a remark."""
        if not names or self.client.offline:
            return []
        known = {item.name: item.id for item in self.client.pages(f"{self.repo}/labels", _Label, limit=50)}
        self.remarks += [
            f"label {name} not set: the repository has no such label" for name in names if name not in known
        ]
        return [known[name] for name in names if name in known]


def _comes_from(item: PullAnswer, home: Repository, branch: str) -> bool:
    # `ref` changes when the branch is deleted; `label` does not
    is_branch = branch in (item.head.label, item.head.ref)
    return is_branch and item.head.is_in(home)
