"""The Git operations of publishing. They never touch the user's working tree, index or branches."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.errors import SlimifyError
from slimify.publish.model import GIT_FAILED, NO_REPOSITORY
from slimify.publish.remote import without_login

# No hooks, because they run the project's code. Full checkouts, even if the user's is sparse.
_CONFIG = (
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.sparseCheckout=false",
    "-c",
    "advice.detachedHead=false",
)
_REPOSITORY_VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
# git gets the token through its environment. The user's credential helpers are disabled: they would store it.
_CREDENTIAL_HELPER = (
    '!f() { test "$1" = get || exit 0; '
    'echo "username=$SLIMIFY_GIT_USER"; echo "password=$SLIMIFY_GIT_TOKEN"; }; f'
)


@dataclass(frozen=True, slots=True, kw_only=True)  # no Struct: its repr would show the token
class Login:
    """The credentials for pushing to the hosts of `urls` over HTTP."""

    user: str
    token: str = field(repr=False)
    urls: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        entries = []
        for url in self.urls:
            parts = urllib.parse.urlsplit(url)
            if self.token and parts.scheme in ("http", "https"):
                host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
                entries += [
                    (f"credential.{host}.helper", ""),
                    (f"credential.{host}.helper", _CREDENTIAL_HELPER),
                ]
        if not entries:
            return {}
        start = int(os.environ.get("GIT_CONFIG_COUNT", "0") or 0)
        found = {"GIT_CONFIG_COUNT": str(start + len(entries)), "SLIMIFY_GIT_USER": self.user}
        for number, (key, value) in enumerate(entries, start):
            found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {**found, "SLIMIFY_GIT_TOKEN": self.token}


class Git(Struct, frozen=True, kw_only=True):
    """Runs git in `directory`."""

    directory: Path
    login: Login | None = None

    def run(self, *words: str, allow_failure: bool = False, stdin: bytes = b"") -> str:
        """Runs git and returns its output. If git fails: "" with `allow_failure`, else SlimifyError."""
        code, out, err = self.try_run(*words, stdin=stdin)
        if code == 0:
            return out
        if allow_failure:
            return ""
        raise SlimifyError(GIT_FAILED, f"git {words[0]}: {_reason(err)}", hint=_hint(err))

    def try_run(self, *words: str, stdin: bytes = b"") -> tuple[int, str, str]:
        """Runs git and returns its exit code, stdout and stderr."""
        env = {key: value for key, value in os.environ.items() if key not in _REPOSITORY_VARIABLES}
        env |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1"}
        env |= self.login.environment() if self.login else {}
        try:
            done = subprocess.run(
                ["git", *_CONFIG, *words],
                cwd=self.directory,
                env=env,
                capture_output=True,
                check=False,
                input=stdin,
            )
        except OSError as error:
            raise SlimifyError(GIT_FAILED, f"git can't be started: {error.strerror}") from error
        return done.returncode, done.stdout.decode("utf-8", "surrogateescape"), self._redacted(done.stderr)

    def _redacted(self, data: bytes) -> str:
        text = data.decode("utf-8", "replace")
        return text.replace(self.login.token, "•••") if self.login and self.login.token else text

    def in_directory(self, directory: Path) -> Git:
        return replace(self, directory=directory)

    def branch_heads(self, remote: str, *branches: str) -> Mapping[str, str]:
        """The commits of the given branches of a remote that exist; "HEAD" maps to the name of its default
        branch."""
        refs = [f"refs/heads/{branch}" for branch in branches]
        found: dict[str, str] = {}
        for line in self.run("ls-remote", "--symref", remote, "HEAD", *refs).splitlines():
            what, _, ref = line.partition("\t")
            if ref == "HEAD" and what.startswith("ref: refs/heads/"):
                found["HEAD"] = what.removeprefix("ref: refs/heads/")
            elif ref in refs:
                found[ref.removeprefix("refs/heads/")] = what
        return found

    def fetch(self, remote: str, *commits: str) -> None:
        """Fetches commits from a remote without changing the user's refs."""
        self.run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--refmap=",
            "--no-auto-gc",
            remote,
            *commits,
        )

    def push(self, remote: str, commit: str, branch: str, before: str) -> bool:
        """Moves a branch of a remote from `before` ("" for a new branch) to `commit`. False if someone else
        moved the branch first; raises SlimifyError for any other rejection."""
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{before}"
        code, out, err = self.try_run("push", "--quiet", "--porcelain", lease, remote, f"{commit}:{ref}")
        if code == 0:
            return True
        if "stale info" in out or "[rejected]" in out or "cannot lock ref" in out + err:
            return False
        refused = [line for line in out.splitlines() if line.startswith("!")]
        raise SlimifyError(GIT_FAILED, f"git push: {_reason(chr(10).join((err, *refused)))}", hint=_hint(err))

    @contextlib.contextmanager
    def checkout(self, commit: str) -> Iterator[Path]:
        """A temporary directory with the files of a commit."""
        with tempfile.TemporaryDirectory(prefix="slimify-") as folder:
            tree = Path(folder, "tree").resolve()
            self.run("worktree", "add", "--quiet", "--detach", str(tree), commit)
            try:
                yield tree
            finally:
                self.try_run("worktree", "remove", "--force", str(tree))

    @contextlib.contextmanager
    def standalone(self, commit: str) -> Iterator[None]:
        """Temporarily turns a linked worktree into a shallow repository with this commit, so that builds
        which run git in the build context find a repository."""
        link, aside = self.directory / ".git", self.directory.parent / "git"
        common = self.run("rev-parse", "--path-format=absolute", "--git-common-dir").removesuffix("\n")
        link.rename(aside)
        try:
            self.run("init", "--quiet", "--template=")
            source = Path(common).as_uri()
            self.run("-c", "protocol.file.allow=always", "fetch", "--quiet", "--depth=1", source, commit)
            self.run("update-ref", "--no-deref", "HEAD", commit)
            self.run("reset", "--quiet")
            yield
        finally:
            shutil.rmtree(link, ignore_errors=True)
            aside.rename(link)


def repository(directory: Path) -> Git:
    """The repository that contains a directory. Raises SlimifyError if there is none."""
    if not directory.is_dir():
        raise SlimifyError(NO_REPOSITORY, f"{directory} is not a directory")
    code, out, err = Git(directory=directory).try_run("rev-parse", "--show-toplevel")
    if code or not out.strip():
        reason = "" if "not a git repository" in err else f": {_reason(err)}"
        raise SlimifyError(NO_REPOSITORY, f"{directory} is not in a Git working tree{reason}")
    return Git(directory=Path(out.removesuffix("\n")))


def push_url(git: Git, remote: str) -> str:
    """The push URL of a remote. Raises SlimifyError if there is no such remote."""
    code, out, _ = git.try_run("remote", "get-url", "--push", remote)
    if code:
        names = ", ".join(git.run("remote", allow_failure=True).split())
        hint = f"choose one with --remote: {names}" if names else "git remote add origin …"
        raise SlimifyError(NO_REPOSITORY, f'the repository has no remote "{remote}"', hint=hint)
    if ":" in out:
        return out.splitlines()[0]
    # insteadOf maps the URL to a local mirror: the configured URL identifies the forge
    written = git.run("config", f"remote.{remote}.pushurl", allow_failure=True) or git.run(
        "config", f"remote.{remote}.url", allow_failure=True
    )
    return written.removesuffix("\n")


def _reason(err: str) -> str:
    """The error messages of git in one line, without its hints."""
    lines = [line.strip() for line in without_login(err).splitlines()]
    reasons = [line for line in lines if line and not line.startswith(("hint:", "To ", "Done"))]
    return " ".join(" ".join(reasons).split())[:400] or "failed"


def _hint(err: str) -> str:
    if "tell me who you are" in err or "empty ident name" in err or "auto-detect email" in err:
        return "set user.name and user.email with git config, or GIT_AUTHOR_NAME, GIT_COMMITTER_NAME, …"
    if "gpg failed to sign" in err or "signing" in err:
        return "your Git configuration requires signed commits; test it with: git commit -S --allow-empty"
    if "Authentication failed" in err or "could not read Username" in err or "returned error: 403" in err:
        return "check that the token has write access to this repository, or use --fork"
    if "dubious ownership" in err:
        return "git config --global --add safe.directory …"
    return ""
