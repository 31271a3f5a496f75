"""A project with a remote, and the forge that the remote belongs to."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forges.hub import Hub, Pull, Repo, git
from forges.server import Server
from support import GOLDEN, Result, invoke

PATHS = {"github": "acme/shop", "gitlab": "acme/tools/shop", "gitea": "acme/shop"}
HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "gitea": "gitea.com"}
TOKENS = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}
BRANCH = "slimify/web/Dockerfile"  # of the request for the Dockerfile in web
SETTINGS = ("GIT_CONFIG_COUNT", "GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN", "CI_SERVER_URL")

every_forge = pytest.mark.parametrize("world", tuple(PATHS), indirect=True)


class World:
    """`project` is a clone of what `hub` has, with a Go program in `web` and a Python one in `api`."""

    def __init__(self, kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kind, self.folder, self.monkeypatch = kind, folder, monkeypatch
        self.hub = Hub(folder / "hub")
        self.hub.folder.mkdir(parents=True)
        self.repo: Repo = self.hub.repo(PATHS[kind])
        self.home, self.project = folder / "home", folder / "project"
        self.home.mkdir()
        (self.home / ".gitconfig").write_text("[user]\n\tname = Robot\n\temail = robot@example.org\n")
        for name in SETTINGS:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(self.home))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(self.home / ".gitconfig"))
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
        monkeypatch.setattr("tempfile.tempdir", str(folder / "tmp"))
        monkeypatch.setenv(TOKENS[kind], self.hub.token)
        (folder / "tmp").mkdir()
        self._fill()
        self.api = ""
        self.waited: list[float] = []

    def _fill(self) -> None:
        git(self.folder, "clone", "--quiet", str(self.repo.bare), str(self.project))
        shutil.copytree(GOLDEN / "go-plain" / "input", self.project / "web")
        shutil.copytree(GOLDEN / "py-psycopg2" / "input", self.project / "api")
        self.commit("Begin")
        self.project_git("push", "--quiet", "origin", "main")
        url = f"https://{HOSTS[self.kind]}/{self.repo.path}.git"
        self.project_git("remote", "set-url", "origin", url)
        local = f"https://{HOSTS[self.kind]}/"
        self.project_git("config", "--global", f"url.{self.hub.folder}/.insteadOf", local)

    def project_git(self, *words: str) -> str:
        return git(self.project, *words)

    def commit(self, subject: str, *, push: bool = False) -> None:
        """Commits what lies in the project."""
        self.project_git("add", "--all")
        self.project_git("commit", "--quiet", "--allow-empty", "-m", subject)
        if push:
            self.project_git("push", "--quiet", "origin", "HEAD:main")

    def write(self, name: str, text: str) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @contextlib.contextmanager
    def serving(self) -> Iterator[World]:
        with Server(self.kind, self.hub) as api:
            self.api = api
            yield self
        assert self.hub.wrong == []

    def run(self, *words: str, cwd: Path | None = None) -> Result:
        """`slimify pr`; nothing of it is left in the project, and the token is nowhere."""
        before = self.state()
        if not {"--verify", "--dry-run", "--by-default"} & set(words):
            words = (*words, "--no-verify")  # whether this machine has an engine is not the question
        words = tuple(word for word in words if word != "--by-default")
        result = invoke("pr", "--api-url", self.api, *words, cwd=cwd or self.project)
        assert self.state() == before
        assert list((self.folder / "tmp").iterdir()) == []
        assert self.hub.token not in result.stderr + result.stdout.decode()
        return result

    def state(self) -> tuple[str, ...]:
        """What a user sees of their repository."""
        return (
            self.project_git("status", "--porcelain", "--branch"),
            self.project_git("for-each-ref", "refs/heads", "refs/tags", "refs/remotes/origin/main"),
            self.project_git("worktree", "list"),
            (self.project / ".git" / "config").read_text(),
        )

    def json(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        result = self.run(*words, "--format", "json")
        assert result.code == code, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def on(self, branch: str, *words: str) -> str:
        """git, in what the forge has of a branch."""
        return git(self.repo.bare, *words, f"refs/heads/{branch}")

    def shown(self, branch: str, file: str) -> str:
        return git(self.repo.bare, "show", f"refs/heads/{branch}:{file}") + "\n"

    def push_as_person(self, branch: str, *, amend: bool = False) -> str:
        """Somebody's work on a branch of the forge → its commit."""
        clone = self.folder / f"person-{len(list(self.folder.iterdir()))}"
        git(self.folder, "clone", "--quiet", "--branch", branch, str(self.repo.bare), str(clone))
        git(clone, "config", "user.name", "Ann")
        with (clone / "web" / "Dockerfile").open("a") as stream:
            stream.write("LABEL by=ann\n")
        git(
            clone,
            "commit",
            "--quiet",
            "--all",
            *(["--amend", "--no-edit"] if amend else ["-m", "My two cents"]),
        )
        git(clone, "push", "--quiet", "--force", "origin", f"HEAD:{branch}")
        return git(clone, "rev-parse", "HEAD")

    @property
    def pulls(self) -> list[Pull]:
        return self.hub.pulls

    @property
    def changes(self) -> list[str]:
        """The calls that changed something."""
        return [call for call in self.hub.calls if not call.startswith("GET ")]


def served(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world whose forge answers, for a fixture: GitHub's unless the test says another one."""
    with World(getattr(request, "param", "github"), folder, monkeypatch).serving() as found:
        # subprocess polls with the same function
        sleep = time.sleep
        monkeypatch.setattr(time, "sleep", lambda s: sleep(s) if s < 0.5 else found.waited.append(s))
        yield found
