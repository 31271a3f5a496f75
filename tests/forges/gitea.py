"""Gitea's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forges import github
from forges.hub import Hub, Pull, Repo

ROOT = "/api/v1"


def knows(headers: Mapping[str, str], token: str) -> bool:
    return headers.get("Authorization") == f"token {token}"


def _user(name: str) -> dict[str, Any]:
    return {"login": name}


def _repository(hub: Hub, repo: Repo) -> dict[str, Any]:
    return {
        "id": repo.id,
        "full_name": repo.path,
        "default_branch": repo.default_branch,
        "clone_url": f"{hub.url}/git/{repo.path}.git",
        "ssh_url": f"git@gitea.example:{repo.path}.git",
        "owner": _user(repo.path.partition("/")[0]),
    }


def _pull(hub: Hub, pull: Pull) -> dict[str, Any]:
    source, there = hub.repos.get(pull.source), hub.tip(pull)
    return {
        "number": pull.number,
        "html_url": f"https://gitea.example/acme/shop/pulls/{pull.number}",
        "state": "open" if pull.state == "open" else "closed",
        "title": f"WIP: {pull.title}" if pull.draft else pull.title,
        "body": pull.body,
        "merged": pull.state == "merged",
        "head": {
            "label": pull.branch,
            "ref": pull.branch if there else f"refs/pull/{pull.number}/head",
            "sha": there,
            "repo": source and _repository(hub, source),
        },
        "base": {"label": pull.base, "ref": pull.base},
    }


def repository(hub: Hub, owner: str, repo: str, **_: Any) -> tuple[int, Any]:
    found = hub.repos.get(f"{owner}/{repo}")
    return (200, _repository(hub, found)) if found else (404, {"message": "GetUserByName"})


def pulls(hub: Hub, query: dict[str, str], **_: Any) -> tuple[int, Any]:
    found = [p for p in reversed(hub.pulls) if query.get("state") == "all" or p.state == "open"]
    return 200, [_pull(hub, p) for p in found]


def create(hub: Hub, owner: str, repo: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    whose, _, branch = body["head"].rpartition(":")
    source = f"{whose or owner}/{repo}"
    if source not in hub.repos or hub.repos[source].tip(branch) is None:
        return 404, {"message": "The target couldn't be found."}
    if hub.open_between(source, branch):
        return 409, {"message": "pull request already exists for these targets"}
    names = {number: name for name, number in hub.repos[f"{owner}/{repo}"].labels.items()}
    made = hub.add(
        title=body["title"].removeprefix("WIP: "),
        body=body["body"],
        branch=branch,
        base=body["base"],
        source=source,
        draft=body["title"].startswith("WIP: "),
        labels=[names[number] for number in body.get("labels", [])],
    )
    return 201, _pull(hub, made)


def change(hub: Hub, index: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    pull = hub.pulls[int(index) - 1]
    pull.body, pull.state = body.get("body", pull.body), body.get("state", pull.state)
    return 201, _pull(hub, pull)


def review(hub: Hub, index: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    if not set(body["reviewers"]) <= set(hub.people):
        return 404, {"message": "user does not exist"}
    hub.pulls[int(index) - 1].reviewers += [
        *body["reviewers"],
        *(f"team {t}" for t in body["team_reviewers"]),
    ]
    return 201, []


def comment(hub: Hub, index: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    hub.pulls[int(index) - 1].comments.append(body["body"])
    return 201, {"body": body["body"]}


def labels(hub: Hub, owner: str, repo: str, **_: Any) -> tuple[int, Any]:
    return 200, [{"id": number, "name": name} for name, number in hub.repos[f"{owner}/{repo}"].labels.items()]


def fork(hub: Hub, owner: str, repo: str, **_: Any) -> tuple[int, Any]:
    if f"{hub.user}/{repo}" in hub.repos:
        return 409, {"message": "The repository with the same name already exists."}
    return 202, _repository(hub, hub.fork(f"{owner}/{repo}"))


def forks(hub: Hub, owner: str, repo: str, **_: Any) -> tuple[int, Any]:
    return 200, [_repository(hub, r) for r in hub.repos.values() if r.parent == f"{owner}/{repo}"]


def user(hub: Hub, **_: Any) -> tuple[int, Any]:
    return 200, _user(hub.user)


_R = "/repos/{owner}/{repo}"
ROUTES = {
    f"GET {_R}": repository,
    f"GET {_R}/branches/{{branch}}": github.branch,
    f"GET {_R}/pulls": pulls,
    f"POST {_R}/pulls": create,
    f"PATCH {_R}/pulls/{{index}}": change,
    f"POST {_R}/pulls/{{index}}/requested_reviewers": review,
    f"POST {_R}/issues/{{index}}/comments": comment,
    f"GET {_R}/labels": labels,
    f"POST {_R}/forks": fork,
    f"GET {_R}/forks": forks,
    "GET /user": user,
}
