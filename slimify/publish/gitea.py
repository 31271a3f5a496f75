"""Pull requests on Gitea and Forgejo, which have the same API (https://docs.gitea.com/api/)."""

from __future__ import annotations

from typing import Any

from slimify.model.errors import SlimifyError
from slimify.publish import pull_requests
from slimify.publish.client import Client
from slimify.publish.model import REJECTED, NewPullRequest, PullRequest, Remote, Repository
from slimify.publish.pull_requests import PullRequests


def client(remote: Remote, token: str, *, dry: bool, offline: bool) -> Client:
    headers = {"Authorization": f"token {token}"} if token else {}
    return Client(url=remote.api, name="Gitea", headers=headers, token=token, dry=dry, offline=offline)


class Gitea(PullRequests):
    """One repository on Gitea."""

    def fork(self) -> Repository:
        answer = self.client.change("POST", f"{self.repo}/forks", {}, accepted=(409,))
        if answer.status == 409:
            user = (self.client.get("/user") or {}).get("login")
            forks = self.client.pages(f"{self.repo}/forks", limit=50)
            found = next((item for item in forks if item["owner"]["login"] == user), None)
            if found is None:
                raise SlimifyError(REJECTED, "Gitea can't create a fork: its name is taken")
        elif answer.content is None:
            return pull_requests.unsent_fork(self.remote)
        else:
            found = answer.content
        return pull_requests.ready_fork(self.client, found)

    def requests(self, home: Repository, branch: str) -> tuple[PullRequest, ...]:
        # the API has no filter by branch
        found = self.client.pages(f"{self.repo}/pulls", state="all", sort="recentupdate", limit=50)
        return tuple(_request(item) for item in found if _comes_from(item, home, branch))

    def open_requests(self) -> tuple[PullRequest, ...]:
        return tuple(map(_request, self.client.pages(f"{self.repo}/pulls", state="open", limit=50)))

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
        made = pull_requests.unsent_request(draft) if answer.content is None else _request(answer.content)
        self.request_reviews(made, draft.reviewers)
        return made

    def _ids(self, names: tuple[str, ...]) -> list[int]:
        """The IDs of labels. A label that does not exist is skipped with a remark."""
        if not names or self.client.offline:
            return []
        known = {item["name"]: int(item["id"]) for item in self.client.pages(f"{self.repo}/labels", limit=50)}
        self.remarks += [
            f"label {name} not set: the repository has no such label" for name in names if name not in known
        ]
        return [known[name] for name in names if name in known]


def _comes_from(item: dict[str, Any], home: Repository, branch: str) -> bool:
    head = item.get("head") or {}
    repository = head.get("repo") or {}  # null after the fork is deleted
    # `ref` changes when the branch is deleted; `label` does not
    return branch in (head.get("label"), head.get("ref")) and repository.get("full_name") == home.path


def _request(found: dict[str, Any]) -> PullRequest:
    return PullRequest(
        number=found["number"],
        url=found["html_url"],
        state="merged" if found.get("merged") else "open" if found["state"] == "open" else "closed",
        title=found["title"],
        body=found.get("body") or "",
        branch=found["head"].get("label") or found["head"]["ref"],
    )
