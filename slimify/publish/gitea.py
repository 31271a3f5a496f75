"""Pull requests of Gitea, and of Forgejo, which speaks the same API (https://docs.gitea.com/api/)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from slimify.model.errors import SlimifyError
from slimify.publish import pulls
from slimify.publish.client import Client
from slimify.publish.model import SAID_NO, Draft, Place, Repository, Request


def client(place: Place, token: str, *, dry: bool, blind: bool) -> Client:
    headers = {"Authorization": f"token {token}"} if token else {}
    return Client(url=place.api, name="Gitea", headers=headers, token=token, dry=dry, blind=blind)


class Gitea(Struct):
    """One repository on Gitea."""

    place: Place
    client: Client
    remarks: list[str] = field(default_factory=list)

    @property
    def _repo(self) -> str:
        return f"/repos/{self.place.path}"

    def repository(self) -> Repository:
        return pulls.repository(self.client, self.place)

    def fork(self) -> Repository:
        answer = self.client.change("POST", f"{self._repo}/forks", {}, accepted=(409,))
        if answer.status == 409:
            user = (self.client.get("/user") or {}).get("login")
            forks = self.client.pages(f"{self._repo}/forks", limit=50)
            found = next((item for item in forks if item["owner"]["login"] == user), None)
            if found is None:
                raise SlimifyError(SAID_NO, "Gitea makes no fork, and there is none: its name is taken")
        elif answer.content is None:
            return pulls.future_fork(self.place)
        else:
            found = answer.content
        return pulls.made_fork(self.client, found)

    def protected(self, home: Repository, branch: str) -> bool:
        return pulls.protected(self.client, home, branch)

    def requests(self, home: Repository, branch: str) -> tuple[Request, ...]:
        # there is no filter for branches
        found = self.client.pages(f"{self._repo}/pulls", state="all", sort="recentupdate", limit=50)
        return tuple(_request(item) for item in found if _comes_from(item, home, branch))

    def open_requests(self) -> tuple[Request, ...]:
        return tuple(map(_request, self.client.pages(f"{self._repo}/pulls", state="open", limit=50)))

    def create(self, home: Repository, draft: Draft) -> Request | None:
        own = home.path == self.place.path
        body: dict[str, Any] = {
            "title": f"WIP: {draft.title}" if draft.draft else draft.title,
            "head": draft.branch if own else f"{home.owner}:{draft.branch}",
            "base": draft.base,
            "body": draft.body,
        }
        labels = self._numbers(draft.labels)
        if labels:
            body["labels"] = labels
        answer = self.client.change("POST", f"{self._repo}/pulls", body, accepted=(409,))
        if answer.status == 409:
            return None
        made = pulls.planned(draft) if answer.content is None else _request(answer.content)
        if draft.reviewers:
            self._ask(made, draft.reviewers)
        return made

    def _numbers(self, names: tuple[str, ...]) -> list[int]:
        """The numbers of labels; those that are not there are told, not missed."""
        if not names or self.client.blind:
            return []
        known = {
            item["name"]: int(item["id"]) for item in self.client.pages(f"{self._repo}/labels", limit=50)
        }
        self.remarks += [
            f"label {name} not set: the repository has no such label" for name in names if name not in known
        ]
        return [known[name] for name in names if name in known]

    def _ask(self, request: Request, reviewers: tuple[str, ...]) -> None:
        people = [name for name in reviewers if "/" not in name]
        teams = [name.rpartition("/")[2] for name in reviewers if "/" in name]
        path = f"{self._repo}/pulls/{request.number or 'NUMBER'}/requested_reviewers"
        try:
            self.client.change("POST", path, {"reviewers": people, "team_reviewers": teams})
        except SlimifyError as error:
            self.remarks.append(f"reviewers not set: {error.message}")

    def describe(self, request: Request, body: str) -> None:
        self.client.change("PATCH", f"{self._repo}/pulls/{request.number}", {"body": body})

    def close(self, request: Request, body: str, comment: str) -> None:
        self.client.change("PATCH", f"{self._repo}/pulls/{request.number}", {"body": body, "state": "closed"})
        self.client.change(
            "POST", f"{self._repo}/issues/{request.number}/comments", {"body": comment}, once=True
        )


def _comes_from(item: dict[str, Any], home: Repository, branch: str) -> bool:
    head = item.get("head") or {}
    repository = head.get("repo") or {}  # none, once the fork is deleted
    # `ref` is another once the branch is deleted
    return branch in (head.get("label"), head.get("ref")) and repository.get("full_name") == home.path


def _request(found: dict[str, Any]) -> Request:
    return Request(
        number=found["number"],
        url=found["html_url"],
        state="merged" if found.get("merged") else "open" if found["state"] == "open" else "closed",
        title=found["title"],
        body=found.get("body") or "",
        branch=found["head"].get("label") or found["head"]["ref"],
    )
