"""The values of publishing: remotes, pull requests, the forge interface, offers and reports."""

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
NO_REPOSITORY, UNKNOWN_FORGE, NO_TOKEN, TOKEN_REJECTED = "SL911", "SL912", "SL913", "SL914"
RATE_LIMITED, UNREACHABLE, REJECTED, GIT_FAILED = "SL915", "SL916", "SL917", "SL918"


class Remote(Struct, frozen=True, kw_only=True):
    """A repository on a forge, as a Git remote names it. `path` is owner/name, including GitLab's groups;
    `api` is the base URL of the API, without a trailing slash."""

    kind: ForgeKind
    host: str
    path: str
    api: str


class Repository(Struct, frozen=True, kw_only=True):
    """A repository as the forge describes it. `id` identifies it in API paths."""

    id: str
    path: str
    default_branch: str

    @property
    def owner(self) -> str:
        return self.path.rpartition("/")[0]


class PullRequest(Struct, frozen=True, kw_only=True):
    """A pull or merge request on the forge."""

    number: int
    url: str
    state: State
    title: str
    body: str
    branch: str


class NewPullRequest(Struct, frozen=True, kw_only=True):
    """A pull request to create. `reviewers` with a slash are teams."""

    title: str
    body: str
    branch: str
    base: str
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


class Forge(Protocol):
    """The operations that publishing requires from a forge. Each raises SlimifyError if the forge fails;
    `remarks` lists minor failures that people can fix later."""

    remarks: list[str]

    def repository(self) -> Repository: ...

    def fork(self) -> Repository:
        """The user's fork, created if necessary."""

    def is_protected(self, home: Repository, branch: str) -> bool: ...

    def requests(self, home: Repository, branch: str) -> tuple[PullRequest, ...]:
        """All pull requests from a branch of `home`, in any state, newest first."""

    def open_requests(self, home: Repository) -> tuple[PullRequest, ...]: ...

    def create(self, home: Repository, draft: NewPullRequest) -> PullRequest | None:
        """The created pull request; None if one already exists because someone else was faster."""

    def describe(self, request: PullRequest, body: str) -> None: ...

    def close(self, request: PullRequest, body: str, comment: str) -> None: ...


class Change(Struct, frozen=True, kw_only=True):
    """A rewritten Dockerfile, with its proof if both images were built; else `unbuilt` states why not."""

    outcome: Outcome
    proof: Proof | None = None
    unbuilt: str = ""


class Offer(Struct, frozen=True, kw_only=True):
    """The changes that one pull request proposes. `settled`: no file failed, so an offer without changes
    means that no change is needed."""

    branch: str
    title: str
    changes: tuple[Change, ...]
    settled: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(change.outcome.file for change in self.changes)


class Report(Struct, frozen=True, kw_only=True):
    """The result of publishing one offer. `code` and `why` explain why it was left alone."""

    done: Done
    offer: Offer
    base: str
    target: str = ""  # the remote or URL that the branch is pushed to
    url: str = ""
    body: str = ""
    diff: str = ""
    code: str = ""
    why: str = ""
    calls: Sequence[str] = ()  # the calls that a dry run does not send
    remarks: Sequence[str] = ()
