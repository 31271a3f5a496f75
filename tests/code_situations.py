"""What raises codes that no input raises by itself: the state of a forge, another process, a limit, a defect.

A section of tests/data/codes/examples.md names its situation above the command: `<!-- given: NAME -->`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest
from forges.hub import Fault, git
from forges.world import BRANCH, World

from slimify import pipeline
from slimify.app import write
from slimify.fleet import pool


class Place(NamedTuple):
    """Where a command is executed, and the options that no user has to give."""

    directory: Path
    options: tuple[str, ...] = ()
    address: str = "\0"  # of the forge


Situation = Callable[[Path, pytest.MonkeyPatch], contextlib.AbstractContextManager[Place]]
GIVEN: dict[str, Situation] = {}


def _situation(prepare: Callable[[Path, pytest.MonkeyPatch], None]) -> None:
    """A state of this machine; the command is executed in the context of the example."""

    @contextlib.contextmanager
    def given(directory: Path, patch: pytest.MonkeyPatch) -> Iterator[Place]:
        with patch.context() as patched:
            prepare(directory / "context", patched)
            yield Place(directory / "context")

    GIVEN[prepare.__name__] = given


def _forge(prepare: Callable[[World], None]) -> None:
    """A state of a forge; the command is executed in a clone with images in `web` and `api`."""

    @contextlib.contextmanager
    def given(directory: Path, patch: pytest.MonkeyPatch) -> Iterator[Place]:
        with patch.context() as patched, World("github", directory, patched).serving() as world:
            patched.setattr("time.sleep", lambda _: None)
            prepare(world)
            yield Place(world.project, ("--api-url", world.api, "--no-verify"), world.api)

    GIVEN[prepare.__name__] = given


def _change_the_port(world: World) -> None:
    file = world.project / "web" / "Dockerfile"
    file.write_text(file.read_text().replace("8080", "9090"))
    world.commit("Another port", push=True)


@_forge
def no_request(world: World) -> None:
    pass


@_forge
def commit_by_another(world: World) -> None:
    world.run("web")
    world.push_as_person(BRANCH)
    _change_the_port(world)


@_forge
def closed_request(world: World) -> None:
    world.run("web")
    world.pulls[0].state = "closed"
    git(world.repo.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")


@_forge
def protected_branch(world: World) -> None:
    world.run("web")
    world.repo.protected.add(BRANCH)
    _change_the_port(world)


@_forge
def rejected_token(world: World) -> None:
    world.hub.faults.append(Fault("GET ", 401, {"message": "Bad credentials"}, times=99))


@_forge
def no_more_requests(world: World) -> None:
    limit = {"Retry-After": "3600"}
    world.hub.faults.append(Fault("GET ", 429, {"message": "rate limit exceeded"}, limit, times=99))


@_forge
def outage(world: World) -> None:
    world.hub.faults.append(Fault("GET ", 503, {"message": "Service Unavailable"}, times=99))


@_forge
def rejected_request(world: World) -> None:
    reason = {"message": "Validation Failed", "errors": [{"message": "pull requests are disabled"}]}
    world.hub.faults.append(Fault("POST /repos/acme/shop/pulls", 422, reason))


@_forge
def filtered_file(world: World) -> None:
    """git stores what the filter of an attribute makes of a file."""
    world.write(".gitattributes", "web/Dockerfile filter=pinned\n")
    world.commit("Attributes", push=True)
    world.project_git(
        "config", "--global", "filter.pinned.clean", "cat >/dev/null; git show HEAD:web/Dockerfile"
    )


@_situation
def written_meanwhile(context: Path, patch: pytest.MonkeyPatch) -> None:
    def edited(*words: object, **named: object) -> object:
        (context / "Dockerfile").write_text("FROM scratch\n")
        return replace(*words, **named)

    replace = write.replace_files
    patch.setattr(write, "replace_files", edited)


@_situation
def endless_analysis(context: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pool, "run", lambda items, job, *_: map(job, items))  # in this process
    patch.setattr(faulthandler, "dump_traceback_later", lambda *_, **__: None)  # wants a file descriptor
    patch.setattr(pipeline, "rewrite", lambda *_, **__: time.sleep(99))


@_situation
def little_memory(context: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pipeline, "rewrite", _raising(MemoryError()))


@_situation
def defect(context: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pipeline, "rewrite", _raising(KeyError("web")))


@_situation
def no_pygls(context: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "pygls", None)


def _raising(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail
