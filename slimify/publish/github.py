"""Pull requests on GitHub, through its REST API (https://docs.github.com/rest, version 2022-11-28)."""

from __future__ import annotations

from typing import Any

from slimify.model.errors import SlimifyError
from slimify.publish import pull_requests
from slimify.publish.client import Client
from slimify.publish.model import REJECTED, NewPullRequest, PullRequest, Remote, Repository
from slimify.publish.pull_requests import PullRequests

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


def client(remote: Remote, token: str, *, dry: bool, offline: bool) -> Client:
    headers = {**HEADERS, **({"Authorization": f"Bearer {token}"} if token else {})}
    return Client(url=remote.api, name="GitHub", headers=headers, token=token, dry=dry, offline=offline)


class GitHub(PullRequests):
    """One repository on GitHub."""

    def fork(self) -> Repository:
        made = self.client.change("POST", f"{self.repo}/forks", {"default_branch_only": True}).content
        if made is None:
            return pull_requests.unsent_fork(self.remote)
        return pull_requests.ready_fork(self.client, made)

    def requests(self, home: Repository, branch: str) -> tuple[PullRequest, ...]:
        head = f"{home.owner}:{branch}"
        found = self.client.pages(f"{self.repo}/pulls", state="all", head=head, per_page=100)
        return tuple(_request(item) for item in found if item["head"]["ref"] == branch)

    def open_requests(self) -> tuple[PullRequest, ...]:
        found = self.client.pages(f"{self.repo}/pulls", state="open", per_page=100)
        return tuple(map(_request, found))

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
        made = _request(answer.content) if answer.content else pull_requests.unsent_request(draft)
        if draft.labels:
            path = f"{self.repo}/issues/{made.number or 'NUMBER'}/labels"
            self.try_post(path, {"labels": list(draft.labels)}, "labels")
        self.request_reviews(made, draft.reviewers)
        return made


def _request(found: dict[str, Any]) -> PullRequest:
    return PullRequest(
        number=found["number"],
        url=found["html_url"],
        state="merged" if found.get("merged_at") else "open" if found["state"] == "open" else "closed",
        title=found["title"],
        body=found.get("body") or "",
        branch=found["head"]["ref"],
    )


def _error_messages(content: Any) -> str:
    errors = content.get("errors") or [] if isinstance(content, dict) else []
    told = [
        item.get("message") or f"{item.get('field')} {item.get('code')}"
        for item in errors
        if isinstance(item, dict)
    ]
    return "; ".join(told) or str(content and content.get("message"))
