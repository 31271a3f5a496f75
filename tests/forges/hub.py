"""What a forge knows: repositories, which are bare ones on disk, and requests between their branches."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def git(directory: Path, *words: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["git", *words], cwd=directory, capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


@dataclass
class Repo:
    id: int
    path: str
    bare: Path
    default_branch: str = "main"
    protected: set[str] = field(default_factory=set)
    labels: dict[str, int] = field(default_factory=dict)
    parent: str = ""
    not_ready: int = 0  # how often it is to be asked for until a fork is there

    def tip(self, branch: str) -> str | None:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"],
            cwd=self.bare, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.strip() or None


@dataclass
class Pull:
    number: int
    title: str
    body: str
    branch: str
    base: str
    source: str  # the repository that the branch is in
    state: str = "open"  # open, closed, merged
    draft: bool = False
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


@dataclass
class Fault:
    """An answer that comes instead of the proper one, `times` times."""

    call: str  # its beginning: "POST /repos/acme/shop/pulls"
    status: int
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False  # what was asked for is done nevertheless


@dataclass
class Hub:
    folder: Path
    user: str = "robot"
    token: str = "t0ken-of-the-robot"
    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    pulls: list[Pull] = field(default_factory=list)
    people: tuple[str, ...] = ("ann", "bob")
    faults: list[Fault] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)  # repositories that the user may not write to
    calls: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # what did not keep to the contract
    lock: threading.RLock = field(default_factory=threading.RLock)

    def repo(self, path: str, parent: str = "") -> Repo:
        bare = self.folder / f"{path}.git"
        if parent:
            git(self.folder, "clone", "--quiet", "--bare", str(self.repos[parent].bare), str(bare))
        else:
            bare.mkdir(parents=True)
            git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
        git(bare, "config", "http.receivepack", "true")
        made = Repo(len(self.repos) + 41, path, bare, parent=parent)
        self.repos[path] = made
        return made

    def fork(self, path: str) -> Repo:
        name = f"{self.user}/{path.rpartition('/')[2]}"
        return self.repos.get(name) or self.repo(name, path)

    def by_id(self, key: str) -> Repo | None:
        return self.repos.get(key) or next((r for r in self.repos.values() if str(r.id) == key), None)

    def open_between(self, source: str, branch: str) -> Pull | None:
        return next(
            (p for p in self.pulls if (p.source, p.branch, p.state) == (source, branch, "open")), None
        )

    def tip(self, pull: Pull) -> str:
        """The commit of a request; none, once the repository or the branch is gone."""
        source = self.repos.get(pull.source)
        return (source and source.tip(pull.branch)) or ""

    def add(self, **values: Any) -> Pull:
        made = Pull(number=len(self.pulls) + 1, **values)
        self.pulls.append(made)
        return made
