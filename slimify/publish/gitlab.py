"""Merge requests on GitLab, through its REST API (https://docs.gitlab.com/api/rest/, version 4)."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field

from slimify.model.errors import SlimifyError
from slimify.publish.client import Client
from slimify.publish.model import REJECTED, NewPullRequest, PullRequest, Remote, Repository, State
from slimify.publish.pull_requests import BranchAnswer
from slimify.publish.token import Token

_FORK_LOOKS = 20
_STATES: dict[str, State] = {"opened": "open", "merged": "merged", "locked": "open", "closed": "closed"}


def headers(token: Token) -> dict[str, str]:
    return {"PRIVATE-TOKEN": token.value} if token else {}


class _Project(Struct, frozen=True):
    id: int
    path_with_namespace: str
    default_branch: str | None = None
    import_status: str | None = "finished"


class _User(Struct, frozen=True):
    id: int


class _MergeRequest(Struct, frozen=True):
    iid: int
    web_url: str
    state: str
    title: str
    source_branch: str
    source_project_id: int | None = None  # None after the fork is deleted
    description: str | None = None

    @property
    def pull_request(self) -> PullRequest:
        return PullRequest(
            number=self.iid,
            url=self.web_url,
            state=_STATES.get(self.state, "closed"),
            title=self.title,
            body=self.description or "",
            branch=self.source_branch,
        )


class GitLab(Struct):
    """One project on GitLab."""

    remote: Remote
    client: Client
    remarks: list[str] = field(default_factory=list)

    @property
    def _project(self) -> str:
        return f"/projects/{quote(self.remote.path, safe='')}"

    def repository(self) -> Repository:
        found = self.client.get(self._project, _Project)
        if found is None and not self.client.offline:
            raise SlimifyError(
                REJECTED,
                f"GitLab has no project {self.remote.path} that this token can access",
                hint="if the project is private, use a token with access to it",
            )
        if found is None:
            return Repository(id=quote(self.remote.path, safe=""), path=self.remote.path, default_branch="")
        return _repository(found)

    def fork(self) -> Repository:
        answer = self.client.change("POST", f"{self._project}/fork", {}, accepted=(409,))
        if answer.status == 409:
            found = next(
                self.client.pages(f"{self._project}/forks", _Project, owned="true", per_page=100), None
            )
            if found is None:
                raise SlimifyError(REJECTED, "GitLab can't create a fork: its name is taken")
        elif self.client.dry:
            name = self.remote.path.rpartition("/")[2]
            return Repository(id=quote(f"YOU/{name}", safe=""), path=f"YOU/{name}", default_branch="")
        else:
            found = self.client.read(answer, _Project)
        for look in range(_FORK_LOOKS):
            if found.import_status in ("finished", "none"):
                return _repository(found)
            time.sleep(min(2.0**look, 15))
            found = self.client.get(f"/projects/{found.id}", _Project) or found
        raise SlimifyError(REJECTED, "the fork is not ready yet", hint="run slimify again later")

    def is_protected(self, home: Repository, branch: str) -> bool:
        found = self.client.get(
            f"/projects/{home.id}/repository/branches/{quote(branch, safe='')}", BranchAnswer
        )
        return found is not None and found.protected

    def requests(self, home: Repository, branch: str) -> tuple[PullRequest, ...]:
        found = self.client.pages(
            f"{self._project}/merge_requests", _MergeRequest, state="all", source_branch=branch, per_page=100
        )
        return tuple(item.pull_request for item in found if str(item.source_project_id) == home.id)

    def open_requests(self, home: Repository) -> tuple[PullRequest, ...]:
        found = self.client.pages(
            f"{self._project}/merge_requests", _MergeRequest, state="opened", per_page=100
        )
        return tuple(item.pull_request for item in found if str(item.source_project_id) == home.id)

    def create(self, home: Repository, draft: NewPullRequest) -> PullRequest | None:
        body: dict[str, Any] = {
            "source_branch": draft.branch,
            "target_branch": draft.base,
            "title": f"Draft: {draft.title}" if draft.draft else draft.title,
            "description": draft.body,
            "remove_source_branch": True,
        }
        if draft.labels:
            body["labels"] = list(draft.labels)
        reviewers = self._ids(draft.reviewers)
        if reviewers:
            body["reviewer_ids"] = reviewers
        if home.path != self.remote.path:
            target = self.repository().id
            body |= {"allow_collaboration": True}
            body["target_project_id"] = int(target) if target.isdigit() else target
        answer = self.client.change("POST", f"/projects/{home.id}/merge_requests", body, accepted=(409,))
        if answer.status == 409:
            return None
        if self.client.dry:
            return PullRequest(
                number=0, url="", state="open", title=draft.title, body=draft.body, branch=draft.branch
            )
        return self.client.read(answer, _MergeRequest).pull_request

    def _ids(self, names: tuple[str, ...]) -> list[int]:
        """The IDs of users. A user that does not exist is skipped with a remark."""
        found = []
        for name in names if not self.client.offline else ():
            users = self.client.get("/users", list[_User], username=name) or []
            if users:
                found.append(users[0].id)
            else:
                self.remarks.append(f"reviewer {name} not set: GitLab has no such user")
        return found

    def describe(self, request: PullRequest, body: str) -> None:
        self.client.change("PUT", f"{self._project}/merge_requests/{request.number}", {"description": body})

    def close(self, request: PullRequest, body: str, comment: str) -> None:
        path = f"{self._project}/merge_requests/{request.number}"
        self.client.change("PUT", path, {"description": body, "state_event": "close"})
        self.client.change("POST", f"{path}/notes", {"body": comment}, once=True)


def _repository(found: _Project) -> Repository:
    return Repository(
        id=str(found.id), path=found.path_with_namespace, default_branch=found.default_branch or ""
    )
