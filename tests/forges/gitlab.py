"""GitLab's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forges.hub import Hub, Pull, Repo

ROOT = "/api/v4"
MISSING = (404, {"message": "404 Project Not Found"})
_STATES = {"open": "opened"}


def knows(headers: Mapping[str, str], token: str) -> bool:
    return headers.get("PRIVATE-TOKEN") == token


def _project(hub: Hub, repo: Repo) -> dict[str, Any]:
    return {
        "id": repo.id,
        "path_with_namespace": repo.path,
        "default_branch": repo.default_branch,
        "http_url_to_repo": f"{hub.url}/git/{repo.path}.git",
        "ssh_url_to_repo": f"git@gitlab.example:{repo.path}.git",
        "import_status": "started" if repo.not_ready else "finished" if repo.parent else "none",
    }


def _request(hub: Hub, pull: Pull) -> dict[str, Any]:
    return {
        "id": 1000 + pull.number,
        "iid": pull.number,
        "web_url": f"https://gitlab.example/acme/tools/shop/-/merge_requests/{pull.number}",
        "state": _STATES.get(pull.state, pull.state),
        "title": f"Draft: {pull.title}" if pull.draft else pull.title,
        "description": pull.body or None,
        "source_branch": pull.branch,
        "target_branch": pull.base,
        "source_project_id": hub.repos[pull.source].id if pull.source in hub.repos else None,
        "draft": pull.draft,
        "labels": pull.labels,
    }


def project(hub: Hub, id: str, **_: Any) -> tuple[int, Any]:
    found = hub.by_id(id)
    if found is None:
        return MISSING
    answer = _project(hub, found)
    found.not_ready = max(0, found.not_ready - 1)
    return 200, answer


def branch(hub: Hub, id: str, branch: str, **_: Any) -> tuple[int, Any]:
    found = hub.by_id(id)
    if found is None or found.tip(branch) is None:
        return 404, {"message": "404 Branch Not Found"}
    return 200, {"name": branch, "protected": branch in found.protected}


def requests(hub: Hub, query: dict[str, str], **_: Any) -> tuple[int, Any]:
    found = [p for p in reversed(hub.pulls) if query["state"] in ("all", _STATES.get(p.state, p.state))]
    found = [p for p in found if query.get("source_branch") in (None, p.branch)]
    return 200, [_request(hub, p) for p in found]


def create(hub: Hub, id: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    source = hub.by_id(id)
    if source is None:
        return MISSING
    other = hub.open_between(source.path, body["source_branch"])
    if other is not None:
        said = f"Another open merge request already exists for this source branch: !{other.number}"
        return 409, {"message": [said]}
    made = hub.add(
        title=body["title"].removeprefix("Draft: "),
        body=body["description"],
        branch=body["source_branch"],
        base=body["target_branch"],
        source=source.path,
        draft=body["title"].startswith("Draft: "),
        labels=body.get("labels", []),
        reviewers=[hub.people[number - 1] for number in body.get("reviewer_ids", [])],
    )
    return 201, _request(hub, made)


def change(hub: Hub, merge_request_iid: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    pull = hub.pulls[int(merge_request_iid) - 1]
    pull.body = body.get("description", pull.body)
    if body.get("state_event") == "close":
        pull.state = "closed"
    return 200, _request(hub, pull)


def note(hub: Hub, merge_request_iid: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    hub.pulls[int(merge_request_iid) - 1].comments.append(body["body"])
    return 201, {"body": body["body"]}


def users(hub: Hub, query: dict[str, str], **_: Any) -> tuple[int, Any]:
    known = enumerate(hub.people, 1)
    return 200, [{"id": number, "username": name} for number, name in known if name == query["username"]]


def fork(hub: Hub, id: str, **_: Any) -> tuple[int, Any]:
    found = hub.by_id(id)
    assert found is not None
    name = f"{hub.user}/{found.path.rpartition('/')[2]}"
    if name in hub.repos:
        return 409, {"message": {"base": ["Project namespace name has already been taken"]}}
    made = hub.fork(found.path)
    made.not_ready = 2
    return 201, _project(hub, made)


def forks(hub: Hub, id: str, **_: Any) -> tuple[int, Any]:
    found = hub.by_id(id)
    return 200, [_project(hub, repo) for repo in hub.repos.values() if found and repo.parent == found.path]


_P = "/projects/{id}"
ROUTES = {
    f"GET {_P}": project,
    f"GET {_P}/repository/branches/{{branch}}": branch,
    f"GET {_P}/merge_requests": requests,
    f"POST {_P}/merge_requests": create,
    f"PUT {_P}/merge_requests/{{merge_request_iid}}": change,
    f"POST {_P}/merge_requests/{{merge_request_iid}}/notes": note,
    "GET /users": users,
    f"POST {_P}/fork": fork,
    f"GET {_P}/forks": forks,
}
