"""The calls that GitHub and Gitea share."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from slimify.model.errors import SlimifyError
from slimify.publish.client import Client
from slimify.publish.model import REJECTED, NewPullRequest, PullRequest, Remote, Repository

_FORK_LOOKS = 10


def repository(client: Client, remote: Remote) -> Repository:
    """The repository; for an offline client, as far as its address identifies it. Raises SlimifyError if it
    does not exist or the token can't access it."""
    found = client.get(f"/repos/{remote.path}")
    if found is None and not client.offline:
        raise SlimifyError(
            REJECTED,
            f"{client.name} has no repository {remote.path} that this token can access",
            hint="if the repository is private, use a token with access to it",
        )
    return read(found) if found else Repository(id=remote.path, path=remote.path, default_branch="")


def unsent_fork(remote: Remote) -> Repository:
    """A placeholder for the fork that a dry run does not create."""
    name = remote.path.rpartition("/")[2]
    return Repository(id=f"YOU/{name}", path=f"YOU/{name}", default_branch="")


def ready_fork(client: Client, found: dict[str, Any]) -> Repository:
    """The fork, once the forge has finished creating it. Raises SlimifyError if that takes too long."""
    fork = read(found)
    for look in range(_FORK_LOOKS):
        if client.get(f"/repos/{fork.path}/branches/{quote(fork.default_branch, safe='')}"):
            return fork
        time.sleep(min(2.0**look, 15))
    raise SlimifyError(REJECTED, f"the fork {fork.path} is not ready yet", hint="run slimify again later")


def is_protected(client: Client, home: Repository, branch: str) -> bool:
    found = client.get(f"/repos/{home.path}/branches/{quote(branch, safe='')}")
    return bool(found and found.get("protected"))


def unsent_request(draft: NewPullRequest) -> PullRequest:
    """A placeholder for the pull request that a dry run does not create."""
    return PullRequest(
        number=0, url="", state="open", title=draft.title, body=draft.body, branch=draft.branch
    )


def read(found: dict[str, Any]) -> Repository:
    """The repository in a response."""
    return Repository(
        id=found["full_name"],
        path=found["full_name"],
        default_branch=found["default_branch"],
        https=found["clone_url"],
        ssh=found["ssh_url"],
    )
