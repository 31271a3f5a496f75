"""The Git operations of publishing. They never touch the user's working tree, index or branches."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import TimeoutExpired

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.errors import SlimifyError
from slimify.publish.git_process import run_git
from slimify.publish.model import GIT_FAILED, NO_REPOSITORY
from slimify.publish.remote import without_login
from slimify.publish.token import Login

# What commits need of the configuration of the user's clone: values, no programs. A stranger may have written
# the rest of it.
_IDENTITY = (
    r"^((user|author|committer)\.(name|email)|user\.(signingkey|useconfigonly)|commit\.gpgsign|gpg\.format)$"
)
_ONLINE = ("fetch", "ls-remote", "push")
_MOST_KNOWN = 100  # branches of the user's clone that need not be fetched again


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
        try:
            with self._login_variables(words[0]) as variables:
                done = run_git(words, self.directory, variables, stdin=stdin)
        except OSError as error:
            raise SlimifyError(GIT_FAILED, f"git can't be started: {error.strerror}") from error
        except ValueError as error:  # a name of the forge with a null byte
            raise SlimifyError(GIT_FAILED, f"git {words[0]}: {error}") from error
        except TimeoutExpired as error:
            raise SlimifyError(GIT_FAILED, f"git {words[0]} takes more than {error.timeout:g} s") from error
        return done.returncode, done.stdout.decode("utf-8", "surrogateescape"), self._redacted(done.stderr)

    def _login_variables(self, command: str) -> contextlib.AbstractContextManager[dict[str, str]]:
        if self.login is None or command not in _ONLINE:
            return contextlib.nullcontext({})
        return self.login.environment()

    def _redacted(self, data: bytes) -> str:
        text = data.decode("utf-8", "replace")
        return self.login.token.masked(text) if self.login else text

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


def repository(directory: Path) -> Path:
    """The root of the working tree that contains a directory. Raises SlimifyError if there is none."""
    if not directory.is_dir():
        raise SlimifyError(NO_REPOSITORY, f"{directory} is not a directory")
    code, out, err = Git(directory=directory).try_run("rev-parse", "--show-toplevel")
    if code or not out.strip():
        reason = "" if "not a git repository" in err else f": {_reason(err)}"
        raise SlimifyError(NO_REPOSITORY, f"{directory} is not in a Git working tree{reason}")
    return Path(out.removesuffix("\n"))


@contextlib.contextmanager
def own_clone(root: Path, remote: str) -> Iterator[Git]:
    """A temporary clone of the user's repository, with the address of the remote and the user's identity.

    Nothing else of the repository's configuration is used, because it can name programs: monitors, filters,
    transports. Objects are shared; refs and working trees are not. Raises SlimifyError if there is no such
    remote.
    """
    theirs = Git(directory=root)
    with tempfile.TemporaryDirectory(prefix="slimify-") as folder:
        own = Git(directory=Path(folder).resolve() / "clone")
        theirs.run("init", "--quiet", "--template=", str(own.directory))
        for key in (f"remote.{remote}.url", f"remote.{remote}.pushurl"):
            for url in theirs.run("config", "--local", "--get-all", key, allow_failure=True).splitlines():
                own.run("config", "--add", key, url)
        if not own.run("remote"):
            names = ", ".join(theirs.run("remote", allow_failure=True).split())
            hint = f"choose one with --remote: {names}" if names else "git remote add origin …"
            raise SlimifyError(NO_REPOSITORY, f'the repository has no remote "{remote}"', hint=hint)
        identity = theirs.run("config", "--local", "-z", "--get-regexp", _IDENTITY, allow_failure=True)
        for entry in filter(None, identity.split("\0")):
            own.run("config", *entry.split("\n", 1))
        _share_objects(theirs, own, remote)
        yield own


def _share_objects(theirs: Git, own: Git, remote: str) -> None:
    """Lets a clone read the objects of the user's repository, unless some of them are still to be fetched."""
    words = ("rev-parse", "--path-format=absolute", "--git-common-dir")
    common = Path(theirs.run(*words).removesuffix("\n"))
    partial = any((common / "objects" / "pack").glob("*.promisor"))
    if partial or "\n" in str(common) or not (common / "objects").is_dir():
        return
    (own.directory / ".git" / "objects" / "info" / "alternates").write_text(f"{common}/objects\n")
    if (common / "shallow").is_file():
        shutil.copyfile(common / "shallow", own.directory / ".git" / "shallow")
    refs = (f"refs/remotes/{remote}", "refs/heads")
    listed = theirs.run("for-each-ref", f"--count={_MOST_KNOWN}", "--format=%(objectname)", *refs)
    for commit in dict.fromkeys(listed.split()):  # what need not be fetched
        own.run("update-ref", f"refs/known/{commit}", commit, allow_failure=True)


def push_url(git: Git, remote: str) -> str:
    """The push URL of a remote of our clone, as the user's configuration rewrites it."""
    out = git.run("remote", "get-url", "--push", remote)
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
