"""Pull requests on GitHub, through its REST API (https://docs.github.com/rest, version 2022-11-28)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from slimify.model.errors import SlimifyError
from slimify.publish import pull_requests
from slimify.publish.client import Client
from slimify.publish.model import REJECTED, NewPullRequest, PullRequest, Remote, Repository

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


def client(remote: Remote, token: str, *, dry: bool, offline: bool) -> Client:
    headers = {**HEADERS, **({"Authorization": f"Bearer {token}"} if token else {})}
    return Client(url=remote.api, name="GitHub", headers=headers, token=token, dry=dry, offline=offline)


class GitHub(Struct):
    """One repository on GitHub."""

    remote: Remote
    client: Client
    remarks: list[str] = field(default_factory=list)

    def repository(self) -> Repository:
        return pull_requests.repository(self.client, self.remote)

    def fork(self) -> Repository:
        made = self.client.change(
            "POST", f"/repos/{self.remote.path}/forks", {"default_branch_only": True}
        ).content
        if made is None:
            return pull_requests.unsent_fork(self.remote)
        return pull_requests.ready_fork(self.client, made)

    def is_protected(self, home: Repository, branch: str) -> bool:
        return pull_requests.is_protected(self.client, home, branch)

    def requests(self, home: Repository, branch: str) -> tuple[PullRequest, ...]:
        head = f"{home.owner}:{branch}"
        found = self.client.pages(f"/repos/{self.remote.path}/pulls", state="all", head=head, per_page=100)
        return tuple(_request(item) for item in found if item["head"]["ref"] == branch)

    def open_requests(self) -> tuple[PullRequest, ...]:
        found = self.client.pages(f"/repos/{self.remote.path}/pulls", state="open", per_page=100)
        return tuple(map(_request, found))

    def create(self, home: Repository, draft: NewPullRequest) -> PullRequest | None:
        own = home.path == self.remote.path
        body = {
            "title": draft.title,
            "head": draft.branch if own else f"{home.owner}:{draft.branch}",
            "base": draft.base,
            "body": draft.body,
            "draft": draft.draft,
        }
        answer = self.client.change("POST", f"/repos/{self.remote.path}/pulls", body, accepted=(422,))
        if answer.status == 422:
            if "already exists" in str(answer.content):
                return None
            raise SlimifyError(
                REJECTED,
                f"GitHub rejects a pull request from {draft.branch}: {_error_messages(answer.content)}",
            )
        made = _request(answer.content) if answer.content else pull_requests.unsent_request(draft)
        self._add_labels_and_reviewers(made, draft)
        return made

    def _add_labels_and_reviewers(self, request: PullRequest, draft: NewPullRequest) -> None:
        """Adds labels and reviewers. A failure becomes a remark, because the request itself exists."""
        number = request.number or "NUMBER"
        if draft.labels:
            self._try_post(
                f"/repos/{self.remote.path}/issues/{number}/labels", {"labels": list(draft.labels)}, "labels"
            )
        people = [name for name in draft.reviewers if "/" not in name]
        teams = [name.rpartition("/")[2] for name in draft.reviewers if "/" in name]
        if draft.reviewers:
            wanted = {"reviewers": people, "team_reviewers": teams}
            self._try_post(
                f"/repos/{self.remote.path}/pulls/{number}/requested_reviewers", wanted, "reviewers"
            )

    def _try_post(self, path: str, body: dict[str, Any], what: str) -> None:
        try:
            self.client.change("POST", path, body)
        except SlimifyError as error:
            self.remarks.append(f"{what} not set: {error.message}")

    def describe(self, request: PullRequest, body: str) -> None:
        self.client.change("PATCH", f"/repos/{self.remote.path}/pulls/{request.number}", {"body": body})

    def close(self, request: PullRequest, body: str, comment: str) -> None:
        wanted = {"body": body, "state": "closed"}
        self.client.change("PATCH", f"/repos/{self.remote.path}/pulls/{request.number}", wanted)
        path = f"/repos/{self.remote.path}/issues/{request.number}/comments"
        self.client.change("POST", path, {"body": comment}, once=True)


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
