"""The values of publishing: where a repository is hosted, what is offered there, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from slimify.config.pr import ForgeKind

if TYPE_CHECKING:
    from slimify.model.outcome import Outcome
    from slimify.verify.model import Proof

State = Literal["open", "closed", "merged"]
Done = Literal["opened", "updated", "unchanged", "withdrawn", "left alone", "nothing to offer"]

NAMES: dict[ForgeKind, str] = {"github": "GitHub", "gitlab": "GitLab", "gitea": "Gitea"}
NO_REPOSITORY, NO_FORGE, NO_TOKEN, TOKEN_REFUSED = "SL911", "SL912", "SL913", "SL914"
RATE_LIMITED, UNREACHABLE, SAID_NO, GIT_FAILED = "SL915", "SL916", "SL917", "SL918"


class Place(Struct, frozen=True, kw_only=True):
    """Where a remote is hosted: `path` is owner/name, with GitLab's groups; `api` without a final slash."""

    kind: ForgeKind
    host: str
    path: str
    api: str


class Repository(Struct, frozen=True, kw_only=True):
    """One repository of a forge. `id` is what its API wants in paths; `https` and `ssh` are for git."""

    id: str
    path: str
    default_branch: str
    https: str = ""
    ssh: str = ""

    @property
    def owner(self) -> str:
        return self.path.rpartition("/")[0]


class Request(Struct, frozen=True, kw_only=True):
    """A pull or merge request as the forge has it."""

    number: int
    url: str
    state: State
    title: str
    body: str
    branch: str


class Draft(Struct, frozen=True, kw_only=True):
    """A request that is to be made. `reviewers` with a slash are teams."""

    title: str
    body: str
    branch: str
    base: str
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


class Forge(Protocol):
    """What publishing needs of a forge. Every method raises SlimifyError where it does not answer as it
    should; `remarks` are things that did not work and that people can mend later."""

    remarks: list[str]

    def repository(self) -> Repository: ...

    def fork(self) -> Repository:
        """The user's fork, made where there is none."""

    def protected(self, home: Repository, branch: str) -> bool: ...

    def requests(self, home: Repository, branch: str) -> tuple[Request, ...]:
        """All from a branch of `home`, in any state, the newest first."""

    def open_requests(self) -> tuple[Request, ...]: ...

    def create(self, home: Repository, draft: Draft) -> Request | None:
        """None where there is one already: somebody was faster."""

    def describe(self, request: Request, body: str) -> None: ...

    def close(self, request: Request, body: str, comment: str) -> None: ...


class Change(Struct, frozen=True, kw_only=True):
    """What came of one Dockerfile, with its proof, if both images were built."""

    outcome: Outcome
    proof: Proof | None = None


class Offer(Struct, frozen=True, kw_only=True):
    """What one request is about. `settled`: nothing failed, so that no change means that none is due."""

    branch: str
    title: str
    changes: tuple[Change, ...]
    settled: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(change.outcome.file for change in self.changes)


class Report(Struct, frozen=True, kw_only=True):
    """What came of one offer. `code` and `why` say why it was left alone."""

    done: Done
    offer: Offer
    base: str
    target: str = ""  # what the branch is pushed to
    url: str = ""
    body: str = ""
    diff: str = ""
    code: str = ""
    why: str = ""
    calls: Sequence[str] = ()  # of a dry run: what would be sent
    remarks: Sequence[str] = ()
