"""What the API of Gitea took over from that of GitHub."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from slimify.model.errors import SlimifyError
from slimify.publish.client import Client
from slimify.publish.model import SAID_NO, Draft, Place, Repository, Request

_FORK_LOOKS = 10


def repository(client: Client, place: Place) -> Repository:
    """The repository; without a token, what its address tells. Raises SlimifyError where it is hidden."""
    found = client.get(f"/repos/{place.path}")
    if found is None and not client.blind:
        raise SlimifyError(
            SAID_NO,
            f"{client.name} has no repository {place.path} that this token may see",
            hint="is it private, and the token made for it?",
        )
    return read(found) if found else Repository(id=place.path, path=place.path, default_branch="")


def future_fork(place: Place) -> Repository:
    """The fork that a dry run does not make."""
    name = place.path.rpartition("/")[2]
    return Repository(id=f"YOU/{name}", path=f"YOU/{name}", default_branch="")


def made_fork(client: Client, found: dict[str, Any]) -> Repository:
    """The fork, once it is ready: the forge makes it in its own time."""
    fork = read(found)
    for look in range(_FORK_LOOKS):
        if client.get(f"/repos/{fork.path}/branches/{quote(fork.default_branch, safe='')}"):
            return fork
        time.sleep(min(2.0**look, 15))
    raise SlimifyError(SAID_NO, f"the fork {fork.path} is not ready yet", hint="run slimify again later")


def protected(client: Client, home: Repository, branch: str) -> bool:
    found = client.get(f"/repos/{home.path}/branches/{quote(branch, safe='')}")
    return bool(found and found.get("protected"))


def planned(draft: Draft) -> Request:
    """The request that a dry run does not make."""
    return Request(number=0, url="", state="open", title=draft.title, body=draft.body, branch=draft.branch)


def read(found: dict[str, Any]) -> Repository:
    """A repository as the API tells it."""
    return Repository(
        id=found["full_name"],
        path=found["full_name"],
        default_branch=found["default_branch"],
        https=found["clone_url"],
        ssh=found["ssh_url"],
    )
