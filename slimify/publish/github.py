"""Pull requests on GitHub, through its REST API (https://docs.github.com/rest, version 2022-11-28)."""

from __future__ import annotations

from typing import Any

from slimify.model.errors import SlimifyError
from slimify.publish import pull_requests
from slimify.publish.model import REJECTED, NewPullRequest, PullRequest, Repository
from slimify.publish.pull_requests import PullAnswer, PullRequests, RepositoryAnswer
from slimify.publish.token import Token

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


def headers(token: Token) -> dict[str, str]:
    return {**_HEADERS, **({"Authorization": f"Bearer {token.value}"} if token else {})}


class GitHub(PullRequests):
    """One repository on GitHub."""

    def fork(self) -> Repository:
        answer = self.client.change("POST", f"{self.repo}/forks", {"default_branch_only": True})
        if self.client.dry:
            return pull_requests.unsent_fork(self.remote)
        return pull_requests.ready_fork(self.client, self.client.read(answer, RepositoryAnswer))

    def requests(self, home: Repository, branch: str) -> tuple[PullRequest, ...]:
        head = f"{home.owner}:{branch}"
        found = self.client.pages(f"{self.repo}/pulls", PullAnswer, state="all", head=head, per_page=100)
        return tuple(item.pull_request(branch) for item in found if _is_ours(item, home, branch))

    def open_requests(self, home: Repository) -> tuple[PullRequest, ...]:
        found = self.client.pages(f"{self.repo}/pulls", PullAnswer, state="open", per_page=100)
        return tuple(item.pull_request(item.head.ref) for item in found if item.head.is_in(home))

    def create(self, home: Repository, draft: NewPullRequest) -> PullRequest | None:
        body = {
            "title": draft.title,
            "head": self.head(home, draft),
            "base": draft.base,
            "body": draft.body,
            "draft": draft.draft,
        }
        answer = self.client.change("POST", f"{self.repo}/pulls", body, accepted=(422,))
        if answer.status == 422:
            if "already exists" in str(answer.content):
                return None
            raise SlimifyError(
                REJECTED,
                f"GitHub rejects a pull request from {draft.branch}: {_error_messages(answer.content)}",
            )
        made = self.made(answer, draft)
        if draft.labels:
            path = f"{self.repo}/issues/{made.number or 'NUMBER'}/labels"
            self.try_post(path, {"labels": list(draft.labels)}, "labels")
        self.request_reviews(made, draft.reviewers)
        return made


def _is_ours(item: PullAnswer, home: Repository, branch: str) -> bool:
    # the filter `head` has an owner, who may have several forks; a deleted one leaves no repository
    return item.head.ref == branch and (item.head.repo is None or item.head.is_in(home))


def _error_messages(content: Any) -> str:
    if not isinstance(content, dict):
        return "no reason is given"
    errors = content.get("errors")
    told = [
        item.get("message") or f"{item.get('field')} {item.get('code')}"
        for item in (errors if isinstance(errors, list) else ())
        if isinstance(item, dict)
    ]
    return "; ".join(map(str, told)) or str(content.get("message"))
