"""GitHub's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forges.hub import Hub, Pull, Repo

PAGE = "https://github.example/acme/shop/pull"
ROOT = ""
MISSING = (404, {"message": "Not Found"})


def _invalid(**problem: str) -> tuple[int, Any]:
    return 422, {"message": "Validation Failed", "errors": [{"resource": "PullRequest", **problem}]}


def knows(headers: Mapping[str, str], token: str) -> bool:
    return headers.get("Authorization") == f"Bearer {token}" and "X-GitHub-Api-Version" in headers


def _repository(hub: Hub, repo: Repo) -> dict[str, Any]:
    return {
        "id": repo.id,
        "full_name": repo.path,
        "default_branch": repo.default_branch,
        "clone_url": f"{hub.url}/git/{repo.path}.git",
        "ssh_url": f"git@github.example:{repo.path}.git",
    }


def _pull(hub: Hub, pull: Pull) -> dict[str, Any]:
    owner, source = pull.source.partition("/")[0], hub.repos.get(pull.source)
    return {
        "number": pull.number,
        "html_url": f"{PAGE}/{pull.number}",
        "state": "open" if pull.state == "open" else "closed",
        "title": pull.title,
        "body": pull.body or None,
        "merged_at": "2026-01-02T03:04:05Z" if pull.state == "merged" else None,
        "head": {
            "label": f"{owner}:{pull.branch}",
            "ref": pull.branch,
            "sha": hub.tip(pull),
            "repo": source and _repository(hub, source),
        },
        "base": {"label": f"acme:{pull.base}", "ref": pull.base},
    }


def repository(hub: Hub, owner: str, repo: str, **_: Any) -> tuple[int, Any]:
    found = hub.repos.get(f"{owner}/{repo}")
    return (200, _repository(hub, found)) if found else MISSING


def branch(hub: Hub, owner: str, repo: str, branch: str, **_: Any) -> tuple[int, Any]:
    found = hub.repos.get(f"{owner}/{repo}")
    if found is None or found.tip(branch) is None or found.not_ready:
        if found is not None:
            found.not_ready -= 1
        return 404, {"message": "Branch not found"}
    return 200, {"name": branch, "protected": branch in found.protected}


def pulls(hub: Hub, query: dict[str, str], **_: Any) -> tuple[int, Any]:
    found = [p for p in reversed(hub.pulls) if query.get("state") == "all" or p.state == "open"]
    if "head" in query:
        owner, _, ref = query["head"].partition(":")
        found = [p for p in found if p.branch == ref and p.source.partition("/")[0] == owner]
    return 200, [_pull(hub, p) for p in found]


def create(hub: Hub, owner: str, repo: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    whose, _, branch = body["head"].rpartition(":")
    source = f"{whose or owner}/{repo}"
    if source not in hub.repos or hub.repos[source].tip(branch) is None:
        return _invalid(field="head", code="invalid")
    if hub.open_between(source, branch):
        return _invalid(
            code="custom", message=f"A pull request already exists for {whose or owner}:{branch}."
        )
    made = hub.add(
        title=body["title"],
        body=body["body"],
        branch=branch,
        base=body["base"],
        source=source,
        draft=body.get("draft", False),
    )
    return 201, _pull(hub, made)


def change(hub: Hub, pull_number: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    pull = hub.pulls[int(pull_number) - 1]
    pull.body = body.get("body", pull.body)
    pull.state = body.get("state", pull.state)
    return 200, _pull(hub, pull)


def review(hub: Hub, pull_number: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    if not set(body["reviewers"]) <= set(hub.people):
        return 422, {"message": "Reviews may only be requested from collaborators."}
    pull = hub.pulls[int(pull_number) - 1]
    pull.reviewers += [*body["reviewers"], *(f"team {name}" for name in body["team_reviewers"])]
    return 201, _pull(hub, pull)


def label(hub: Hub, issue_number: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    hub.pulls[int(issue_number) - 1].labels += body["labels"]
    return 200, [{"name": name} for name in hub.pulls[int(issue_number) - 1].labels]


def comment(hub: Hub, issue_number: str, body: dict[str, Any], **_: Any) -> tuple[int, Any]:
    hub.pulls[int(issue_number) - 1].comments.append(body["body"])
    return 201, {"body": body["body"]}


def fork(hub: Hub, owner: str, repo: str, **_: Any) -> tuple[int, Any]:
    return 202, _repository(hub, hub.fork(f"{owner}/{repo}"))


_R = "/repos/{owner}/{repo}"
ROUTES = {
    f"GET {_R}": repository,
    f"GET {_R}/branches/{{branch}}": branch,
    f"GET {_R}/pulls": pulls,
    f"POST {_R}/pulls": create,
    f"PATCH {_R}/pulls/{{pull_number}}": change,
    f"POST {_R}/pulls/{{pull_number}}/requested_reviewers": review,
    f"POST {_R}/issues/{{issue_number}}/labels": label,
    f"POST {_R}/issues/{{issue_number}}/comments": comment,
    f"POST {_R}/forks": fork,
}
