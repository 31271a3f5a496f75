"""Pull requests of GitHub, through its REST API (https://docs.github.com/rest, version 2022-11-28)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from slimify.model.errors import SlimifyError
from slimify.publish import pulls
from slimify.publish.client import Client
from slimify.publish.model import SAID_NO, Draft, Place, Repository, Request

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


def client(place: Place, token: str, *, dry: bool, blind: bool) -> Client:
    headers = {**HEADERS, **({"Authorization": f"Bearer {token}"} if token else {})}
    return Client(url=place.api, name="GitHub", headers=headers, token=token, dry=dry, blind=blind)


class GitHub(Struct):
    """One repository on GitHub."""

    place: Place
    client: Client
    remarks: list[str] = field(default_factory=list)

    def repository(self) -> Repository:
        return pulls.repository(self.client, self.place)

    def fork(self) -> Repository:
        made = self.client.change(
            "POST", f"/repos/{self.place.path}/forks", {"default_branch_only": True}
        ).content
        if made is None:
            return pulls.future_fork(self.place)
        return pulls.made_fork(self.client, made)

    def protected(self, home: Repository, branch: str) -> bool:
        return pulls.protected(self.client, home, branch)

    def requests(self, home: Repository, branch: str) -> tuple[Request, ...]:
        head = f"{home.owner}:{branch}"
        found = self.client.pages(f"/repos/{self.place.path}/pulls", state="all", head=head, per_page=100)
        return tuple(_request(item) for item in found if item["head"]["ref"] == branch)

    def open_requests(self) -> tuple[Request, ...]:
        found = self.client.pages(f"/repos/{self.place.path}/pulls", state="open", per_page=100)
        return tuple(map(_request, found))

    def create(self, home: Repository, draft: Draft) -> Request | None:
        own = home.path == self.place.path
        body = {
            "title": draft.title,
            "head": draft.branch if own else f"{home.owner}:{draft.branch}",
            "base": draft.base,
            "body": draft.body,
            "draft": draft.draft,
        }
        answer = self.client.change("POST", f"/repos/{self.place.path}/pulls", body, accepted=(422,))
        if answer.status == 422:
            if "already exists" in str(answer.content):
                return None
            raise SlimifyError(
                SAID_NO, f"GitHub takes no pull request of {draft.branch}: {_errors(answer.content)}"
            )
        made = _request(answer.content) if answer.content else pulls.planned(draft)
        self._dress(made, draft)
        return made

    def _dress(self, request: Request, draft: Draft) -> None:
        """Labels and reviewers: a request without them is better than none."""
        number = request.number or "NUMBER"
        if draft.labels:
            self._tried(
                f"/repos/{self.place.path}/issues/{number}/labels", {"labels": list(draft.labels)}, "labels"
            )
        people = [name for name in draft.reviewers if "/" not in name]
        teams = [name.rpartition("/")[2] for name in draft.reviewers if "/" in name]
        if draft.reviewers:
            wanted = {"reviewers": people, "team_reviewers": teams}
            self._tried(f"/repos/{self.place.path}/pulls/{number}/requested_reviewers", wanted, "reviewers")

    def _tried(self, path: str, body: dict[str, Any], what: str) -> None:
        try:
            self.client.change("POST", path, body)
        except SlimifyError as error:
            self.remarks.append(f"{what} not set: {error.message}")

    def describe(self, request: Request, body: str) -> None:
        self.client.change("PATCH", f"/repos/{self.place.path}/pulls/{request.number}", {"body": body})

    def close(self, request: Request, body: str, comment: str) -> None:
        wanted = {"body": body, "state": "closed"}
        self.client.change("PATCH", f"/repos/{self.place.path}/pulls/{request.number}", wanted)
        path = f"/repos/{self.place.path}/issues/{request.number}/comments"
        self.client.change("POST", path, {"body": comment}, once=True)


def _request(found: dict[str, Any]) -> Request:
    return Request(
        number=found["number"],
        url=found["html_url"],
        state="merged" if found.get("merged_at") else "open" if found["state"] == "open" else "closed",
        title=found["title"],
        body=found.get("body") or "",
        branch=found["head"]["ref"],
    )


def _errors(content: Any) -> str:
    errors = content.get("errors") or [] if isinstance(content, dict) else []
    told = [
        item.get("message") or f"{item.get('field')} {item.get('code')}"
        for item in errors
        if isinstance(item, dict)
    ]
    return "; ".join(told) or str(content and content.get("message"))
