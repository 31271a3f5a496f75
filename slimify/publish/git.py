"""git, as far as publishing needs it. The user's working tree, index and branches are never touched."""

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
from slimify.publish.remote import shown

# Hooks are the project's code. The checkout is to have every file, whatever the user's shows.
_ALWAYS = (
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.sparseCheckout=false",
    "-c",
    "advice.detachedHead=false",
)
_OF_ANOTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
# The token stands in the environment of git alone; helpers of the user, who would store it, are not asked.
_HELPER = (
    '!f() { test "$1" = get || exit 0; '
    'echo "username=$SLIMIFY_GIT_USER"; echo "password=$SLIMIFY_GIT_TOKEN"; }; f'
)


@dataclass(frozen=True, slots=True, kw_only=True)  # no Struct: its repr would show the token
class Login:
    """What git needs to write to the hosts of `urls` over HTTP."""

    user: str
    token: str = field(repr=False)
    urls: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        entries = []
        for url in self.urls:
            parts = urllib.parse.urlsplit(url)
            if self.token and parts.scheme in ("http", "https"):
                place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
                entries += [(f"credential.{place}.helper", ""), (f"credential.{place}.helper", _HELPER)]
        if not entries:
            return {}
        start = int(os.environ.get("GIT_CONFIG_COUNT", "0") or 0)
        found = {"GIT_CONFIG_COUNT": str(start + len(entries)), "SLIMIFY_GIT_USER": self.user}
        for number, (key, value) in enumerate(entries, start):
            found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {**found, "SLIMIFY_GIT_TOKEN": self.token}


class Git(Struct, frozen=True, kw_only=True):
    """The repository that holds `directory`."""

    directory: Path
    login: Login | None = None

    def run(self, *words: str, fails: bool = False, stdin: bytes = b"") -> str:
        """What git prints; "" where it fails and `fails` allows that. Raises SlimifyError otherwise."""
        code, out, err = self.tried(*words, stdin=stdin)
        if code == 0:
            return out
        if fails:
            return ""
        raise SlimifyError(GIT_FAILED, f"git {words[0]}: {_reason(err)}", hint=_hint(err))

    def tried(self, *words: str, stdin: bytes = b"") -> tuple[int, str, str]:
        """Exit code, both outputs."""
        env = {key: value for key, value in os.environ.items() if key not in _OF_ANOTHER}
        env |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1"}
        env |= self.login.environment() if self.login else {}
        try:
            done = subprocess.run(
                ["git", *_ALWAYS, *words],
                cwd=self.directory,
                env=env,
                capture_output=True,
                check=False,
                input=stdin,
            )
        except OSError as error:
            raise SlimifyError(GIT_FAILED, f"git can't be started: {error.strerror}") from error
        return done.returncode, done.stdout.decode("utf-8", "surrogateescape"), self._hidden(done.stderr)

    def _hidden(self, data: bytes) -> str:
        text = data.decode("utf-8", "replace")
        return text.replace(self.login.token, "•••") if self.login and self.login.token else text

    def within(self, directory: Path) -> Git:
        return replace(self, directory=directory)

    def tips(self, remote: str, *branches: str) -> Mapping[str, str]:
        """The commits that branches of a remote point to; "HEAD" is the name of its default branch."""
        refs = [f"refs/heads/{branch}" for branch in branches]
        found: dict[str, str] = {}
        for line in self.run("ls-remote", "--symref", remote, "HEAD", *refs).splitlines():
            what, _, ref = line.partition("\t")
            if ref == "HEAD" and what.startswith("ref: refs/heads/"):
                found["HEAD"] = what.removeprefix("ref: refs/heads/")
            elif ref in refs:
                found[ref.removeprefix("refs/heads/")] = what
        return found

    def bring(self, remote: str, *commits: str) -> None:
        """Gets what a remote has, without a trace in the user's refs."""
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
        """Moves a branch of a remote from `before` ("": it is new) to `commit`; False where it is no longer
        there, so that somebody else was faster. Raises SlimifyError for any other refusal."""
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{before}"
        code, out, err = self.tried("push", "--quiet", "--porcelain", lease, remote, f"{commit}:{ref}")
        if code == 0:
            return True
        if "stale info" in out or "[rejected]" in out or "cannot lock ref" in out + err:
            return False
        refused = [line for line in out.splitlines() if line.startswith("!")]
        raise SlimifyError(GIT_FAILED, f"git push: {_reason(chr(10).join((err, *refused)))}", hint=_hint(err))

    @contextlib.contextmanager
    def checkout(self, commit: str) -> Iterator[Path]:
        """A directory with the files of a commit, for as long as it is needed."""
        with tempfile.TemporaryDirectory(prefix="slimify-") as folder:
            tree = Path(folder, "tree").resolve()
            self.run("worktree", "add", "--quiet", "--detach", str(tree), commit)
            try:
                yield tree
            finally:
                self.tried("worktree", "remove", "--force", str(tree))

    @contextlib.contextmanager
    def standalone(self, commit: str) -> Iterator[None]:
        """While entered, the checkout is a repository of its own, with this commit and without a past: a
        build that asks git what it builds would find nothing behind the link of a linked checkout."""
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
    """The repository that holds a directory. Raises SlimifyError where there is none."""
    if not directory.is_dir():
        raise SlimifyError(NO_REPOSITORY, f"{directory} is no directory")
    code, out, err = Git(directory=directory).tried("rev-parse", "--show-toplevel")
    if code or not out.strip():
        reason = "" if "not a git repository" in err else f": {_reason(err)}"
        raise SlimifyError(NO_REPOSITORY, f"{directory} is in no working tree of git{reason}")
    return Git(directory=Path(out.removesuffix("\n")))


def remote_url(git: Git, remote: str) -> str:
    """The address that a remote is pushed to. Raises SlimifyError where there is no such remote."""
    code, out, _ = git.tried("remote", "get-url", "--push", remote)
    if code:
        names = ", ".join(git.run("remote", fails=True).split())
        hint = f"there are {names}; choose with --remote" if names else "git remote add origin …"
        raise SlimifyError(NO_REPOSITORY, f'the repository has no remote "{remote}"', hint=hint)
    if ":" in out:
        return out.splitlines()[0]
    # a mirror on this machine stands in for what the user wrote
    written = git.run("config", f"remote.{remote}.pushurl", fails=True) or git.run(
        "config", f"remote.{remote}.url", fails=True
    )
    return written.removesuffix("\n")


def _reason(err: str) -> str:
    """What git complains about, in one line, without its advice."""
    lines = [line.strip() for line in shown(err).splitlines()]
    told = [line for line in lines if line and not line.startswith(("hint:", "To ", "Done"))]
    return " ".join(" ".join(told).split())[:400] or "failed"


def _hint(err: str) -> str:
    if "tell me who you are" in err or "empty ident name" in err or "auto-detect email" in err:
        return "git config user.name and user.email, or set GIT_AUTHOR_NAME, GIT_COMMITTER_NAME, …"
    if "gpg failed to sign" in err or "signing" in err:
        return "commits are signed as your git config says; test it with: git commit -S --allow-empty"
    if "Authentication failed" in err or "could not read Username" in err or "returned error: 403" in err:
        return "may the token write to this repository? If not, use --fork"
    if "dubious ownership" in err:
        return "git config --global --add safe.directory …"
    return ""
