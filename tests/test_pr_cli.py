"""`slimify pr` against forges that run on this machine: real repositories, real pushes, real HTTP."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from forges.hub import git
from forges.world import BRANCH, TOKENS, World, every_forge, served
from support import GOLDEN


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    yield from served(request, tmp_path, monkeypatch)


# --- opening and updating -----------------------------------------------------------------------


@every_forge
def test_a_request_is_opened(world: World) -> None:
    world.write("slimify.toml", '[pr]\nlabels = ["docker", "size"]\nreviewers = ["@ann"]\ndraft = true\n')
    world.repo.labels = {"docker": 7, "size": 9}
    result = world.run("web")
    assert result.code == 0, result.stderr
    (pull,) = world.pulls
    assert result.stdout.decode().startswith("web/Dockerfile: opened https://")
    assert (pull.branch, pull.base, pull.state, pull.draft) == (BRANCH, "main", "open", True)
    assert (pull.title, pull.labels) == ("Slim down the image of web/Dockerfile", ["docker", "size"])
    assert pull.reviewers == ["ann"]
    expected = (GOLDEN / "go-plain" / "expected.Dockerfile").read_text()
    assert world.shown(BRANCH, "web/Dockerfile") == expected
    assert world.on(BRANCH, "rev-list", "--count", "^main") == "1"
    assert "Estimated" in pull.body
    assert "| 9 | `go build -o /usr/local/bin/greeter .` | builder stage only |" in pull.body
    assert "slimify rewrite --verify web/Dockerfile" in pull.body


@every_forge
def test_a_second_run_changes_nothing(world: World) -> None:
    world.run("web")
    tip, sent = world.on(BRANCH, "rev-parse"), len(world.changes)
    (found,) = world.json("web")
    assert found["done"] == "unchanged"
    assert (world.on(BRANCH, "rev-parse"), world.changes[sent:]) == (tip, [])


@every_forge
def test_a_second_run_updates_what_changed(world: World) -> None:
    world.run("web")
    world.pulls[0].body = f"Ann: please wait.\n\n{world.pulls[0].body}\n\nThanks."
    tip = world.on(BRANCH, "rev-parse")
    file = world.project / "web" / "Dockerfile"
    file.write_text(file.read_text().replace("EXPOSE 8080", "EXPOSE 9090"))
    world.commit("Another port", push=True)
    (found,) = world.json("web")
    (pull,) = world.pulls
    assert found["done"] == "updated"
    assert "EXPOSE 9090" in world.shown(BRANCH, "web/Dockerfile")
    assert world.on(BRANCH, "rev-parse") != tip
    assert world.on(BRANCH, "rev-list", "--count", "^main") == "1"
    assert pull.body.startswith("Ann: please wait.\n\n<!-- slimify: ")
    assert pull.body.endswith("<!-- slimify: end -->\n\n\nThanks.")
    assert pull.body.count("How to reproduce") == 1


def test_a_base_that_moved_elsewhere_is_no_change(world: World) -> None:
    world.run("web")
    tip = world.on(BRANCH, "rev-parse")
    world.write("README", "more\n")
    world.commit("A readme", push=True)
    assert world.json("web")[0]["done"] == "unchanged"
    assert world.on(BRANCH, "rev-parse") == tip


def test_a_rebased_commit_is_still_ours(world: World) -> None:
    world.run("web")
    world.write("README", "more\n")
    world.commit("A readme", push=True)
    clone = world.folder / "rebased"
    git(world.folder, "clone", "--quiet", "--branch", BRANCH, str(world.repo.bare), str(clone))
    git(clone, "rebase", "--quiet", "origin/main")
    git(clone, "push", "--quiet", "--force", "origin", BRANCH)
    assert world.json("web")[0]["done"] == "unchanged"


@pytest.mark.parametrize("theirs", [False, True])
def test_the_base_merged_into_the_branch(world: World, theirs: bool) -> None:
    """As the button does that forges have for it; work of a person in the merge is theirs."""
    world.run("web")
    world.write("README", "more\n")
    world.commit("A readme", push=True)
    clone = world.folder / "merged"
    git(world.folder, "clone", "--quiet", "--branch", BRANCH, str(world.repo.bare), str(clone))
    git(clone, "merge", "--quiet", "--no-commit", "--no-ff", "origin/main")
    if theirs:
        (clone / "README").write_text("more, and mine\n")
    git(clone, "commit", "--quiet", "--all", "--message", "Merge branch 'main'")
    git(clone, "push", "--quiet", "origin", BRANCH)
    assert world.json("web")[0]["done"] == ("left alone" if theirs else "unchanged")
    file = world.project / "web" / "Dockerfile"
    file.write_text(file.read_text().replace("8080", "9090"))
    world.commit("Another port", push=True)
    assert world.json("web")[0]["done"] == ("left alone" if theirs else "updated")


def test_names_that_git_would_take_for_patterns(world: World) -> None:
    for name in ("[web]", "w"):
        shutil.copytree(world.project / "web", world.project / name)
    world.commit("Odd names", push=True)
    (found,) = world.json("[web]")
    assert git(world.repo.bare, "diff", "--name-only", "main", found["branch"]) == "[web]/Dockerfile"


def test_a_link_out_of_the_repository_is_not_followed(world: World) -> None:
    outside = world.folder / "outside"
    shutil.copytree(world.project / "web", outside)
    before = (outside / "Dockerfile").read_bytes()
    (world.project / "web" / "Dockerfile").unlink()
    (world.project / "web" / "Dockerfile").symlink_to(outside / "Dockerfile")
    world.commit("A link", push=True)
    result = world.run("web/Dockerfile")
    assert (result.code, (outside / "Dockerfile").read_bytes(), world.pulls) == (2, before, [])
    assert "leads out of the repository" in result.stderr


# --- what people did comes first ----------------------------------------------------------------


@pytest.mark.parametrize("amend", [False, True])
def test_commits_of_a_person_stay(world: World, amend: bool) -> None:
    world.run("web")
    theirs = world.push_as_person(BRANCH, amend=amend)
    file = world.project / "web" / "Dockerfile"
    file.write_text(file.read_text().replace("8080", "9090"))
    world.commit("Another port", push=True)
    sent = len(world.changes)
    (found,) = world.json("web")
    assert (found["done"], found["code"]) == ("left alone", "SL801")
    assert (world.on(BRANCH, "rev-parse"), world.changes[sent:]) == (theirs, [])


@every_forge
def test_a_closed_request_is_respected(world: World) -> None:
    world.run("web")
    world.pulls[0].state = "closed"
    git(world.repo.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")
    sent = len(world.changes)
    (found,) = world.json("web")
    assert (found["done"], found["code"]) == ("left alone", "SL802")
    assert world.changes[sent:] == []
    assert world.json("web", "--again")[0]["done"] == "opened"
    assert [pull.state for pull in world.pulls] == ["closed", "open"]


@every_forge
def test_a_request_from_a_fork_that_is_gone_is_somebody_elses(world: World) -> None:
    world.hub.add(title="Mine", body="", branch=BRANCH, base="main", source="gone/shop")
    assert world.json("web")[0]["done"] == "opened"


def test_after_a_merge_there_is_nothing_more_to_do(world: World) -> None:
    world.run("web")
    git(world.repo.bare, "update-ref", "refs/heads/main", f"refs/heads/{BRANCH}")
    world.pulls[0].state = "merged"
    (found,) = world.json("web")
    assert found["done"] == "nothing to offer"
    assert len(world.pulls) == 1


@every_forge
def test_a_request_that_is_no_longer_due_is_taken_back(world: World) -> None:
    world.run("web")
    old = (world.project / "web" / "Dockerfile").read_text()
    (world.project / "web" / "Dockerfile").write_text(
        (GOLDEN / "go-plain" / "expected.Dockerfile").read_text()
    )
    world.commit("By hand", push=True)
    (found,) = world.json("web")
    assert found["done"] == "withdrawn"
    assert (world.pulls[0].state, len(world.pulls[0].comments)) == ("closed", 1)
    (world.project / "web" / "Dockerfile").write_text(old)
    world.commit("Back", push=True)
    assert world.json("web")[0]["done"] == "opened"


def test_a_text_that_a_person_rewrote_stays(world: World) -> None:
    world.run("web")
    world.pulls[0].body = "We do this because of the bill."
    file = world.project / "web" / "Dockerfile"
    file.write_text(file.read_text().replace("8080", "9090"))
    world.commit("Another port", push=True)
    assert world.json("web")[0]["done"] == "updated"
    assert world.pulls[0].body == "We do this because of the bill."


@every_forge
def test_a_protected_branch_is_not_pushed_to(world: World) -> None:
    world.run("web")
    world.repo.protected.add(BRANCH)
    tip = world.on(BRANCH, "rev-parse")
    file = world.project / "web" / "Dockerfile"
    file.write_text(file.read_text().replace("8080", "9090"))
    world.commit("Another port", push=True)
    (found,) = world.json("web", code=3)
    assert (found["code"], world.on(BRANCH, "rev-parse")) == ("SL804", tip)


# --- many images --------------------------------------------------------------------------------


@every_forge
def test_one_request_an_image_and_a_limit(world: World) -> None:
    first = world.json(".", "--limit", "1")
    assert [(item["done"], item["code"]) for item in first] == [("opened", None), ("left alone", "SL803")]
    second = world.json(".")
    assert [item["done"] for item in second] == ["unchanged", "opened"]
    assert [pull.branch for pull in world.pulls] == ["slimify/api/Dockerfile", BRANCH]


def test_what_is_excluded_is_not_offered(world: World) -> None:
    assert [item["branch"] for item in world.json(".", "--exclude", "api")] == [BRANCH]


def test_one_request_for_all(world: World) -> None:
    (found,) = world.json(".", "--per", "repository")
    (pull,) = world.pulls
    assert (found["done"], pull.branch, pull.title) == ("opened", "slimify/images", "Slim down the images")
    changed = git(world.repo.bare, "diff", "--name-only", "main", pull.branch).split()
    assert changed == ["api/Dockerfile", "web/Dockerfile"]
    assert [item["file"] for item in found["files"]] == changed
    assert "### `api/Dockerfile`" in pull.body
    assert world.json(".", "--per", "repository")[0]["done"] == "unchanged"


def test_what_cannot_be_rewritten_stops_no_other(world: World) -> None:
    world.write("bad/Dockerfile", "FROM golang:1.24\ngo build\n")
    world.write("other/Dockerfile", "FROM alpine:3.20\n")
    world.commit("More", push=True)
    result = world.run("bad", "other", "web")
    assert result.code == 2
    assert 'bad/Dockerfile:2: unknown instruction "go"' in result.stderr
    assert "other/Dockerfile: unchanged: SL410" in result.stdout.decode()
    assert [pull.branch for pull in world.pulls] == [BRANCH]


# --- commits ------------------------------------------------------------------------------------


def test_titles_follow_the_history(world: World) -> None:
    for subject in ("feat: a", "fix(api): b", "chore!: c"):
        world.commit(subject, push=True)
    world.run("web", "--sign-off")
    said = world.on(BRANCH, "log", "-1", "--format=%B%n%an <%ae>")
    assert said.startswith(
        "build(web): slim down the image of web/Dockerfile\n\nFiles that only the build needs"
    )
    assert "\nSigned-off-by: Robot <robot@example.org>\n" in said
    assert said.endswith("Robot <robot@example.org>")
    assert world.pulls[0].title == "build(web): slim down the image of web/Dockerfile"


def test_commits_are_signed_as_git_is_told(world: World) -> None:
    key = world.home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key)), ("commit.gpgsign", "true")):
        world.project_git("config", name, value)
    assert world.run("web").code == 0
    assert "-----BEGIN SSH SIGNATURE-----" in git(world.repo.bare, "cat-file", "commit", BRANCH)
    assert world.json("web")[0]["done"] == "unchanged"


def test_hooks_of_the_project_are_not_executed(world: World) -> None:
    hooks = world.project / ".git" / "hooks"
    for name in ("pre-commit", "commit-msg", "pre-push", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {world.folder}/ran-{name}\nexit 1\n")
        (hooks / name).chmod(0o755)
    assert world.run("web").code == 0
    assert list(world.folder.glob("ran-*")) == []


def test_without_a_name_git_says_what_is_missing(world: World) -> None:
    for words in (("--unset", "user.name"), ("--unset", "user.email"), ("user.useConfigOnly", "true")):
        world.project_git("config", "--global", *words)
    result = world.run("web")
    assert (result.code, world.pulls) == (4, [])
    assert "hint: set user.name" in result.stderr


def test_what_is_offered_is_the_base_and_not_the_working_tree(world: World) -> None:
    world.project_git("switch", "--quiet", "--create", "feature")
    world.write("web/Dockerfile", "FROM scratch\n")
    world.write("api/Dockerfile", "FROM scratch\n")
    world.project_git("add", "api")
    assert world.run("web/Dockerfile").code == 0
    assert world.shown(BRANCH, "web/Dockerfile") == (GOLDEN / "go-plain" / "expected.Dockerfile").read_text()


def test_into_another_branch(world: World) -> None:
    world.project_git("push", "--quiet", "origin", "main:release/2")
    world.run("web", "--into", "release/2")
    assert world.pulls[0].base == "release/2"
    result = world.run("web", "--into", "release/3")
    assert (result.code, 'no branch "release/3"' in result.stderr) == (2, True)


def test_from_a_directory_below(world: World) -> None:
    assert world.run(cwd=world.project / "web").code == 0
    assert world.pulls[0].branch == BRANCH


def test_owners_are_left_to_the_forge(world: World) -> None:
    world.write(".github/CODEOWNERS", "* @acme/all\n/web/ @ann  # the web\n")
    world.commit("Owners", push=True)
    world.run("web")
    assert "GitHub requests reviews from the owners in CODEOWNERS (ann)." in world.pulls[0].body
    assert world.pulls[0].reviewers == []


# --- dry runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "token"),
    [("github", True), ("gitlab", True), ("gitea", True), ("github", False), ("gitlab", False)],
    indirect=["world"],
)
def test_a_dry_run_shows_all_and_sends_nothing(world: World, token: bool) -> None:
    if not token:
        world.monkeypatch.delenv(TOKENS[world.kind])
    result = world.run("web", "--dry-run", "--label", "docker", "--reviewer", "ann")
    text = result.stdout.decode()
    assert result.code == 0
    assert f"branch  {BRANCH}, pushed to origin, for main\n" in text
    assert "\n+FROM gcr.io/distroless/base-debian13\n" in text
    assert "### What moved and why" in text
    assert "\nPOST http://127.0.0.1" in text
    assert (world.changes, bool(world.hub.calls)) == ([], token)
    assert git(world.repo.bare, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert ("existing branches and requests were not looked up" in text) is not token


def test_a_dry_run_of_many_says_once_what_holds_for_all(world: World) -> None:
    world.monkeypatch.delenv("GITHUB_TOKEN")
    for name in "abc":
        shutil.copytree(world.project / "web", world.project / name)
    world.commit("More", push=True)
    text = world.run(".", "--dry-run", "--limit", "2").stdout.decode()
    assert text.count("were not looked up") == 1
    assert text.count("the limit of open requests (--limit 2) is reached") == 3
    text = world.run(".", "--dry-run", "--per", "repository").stdout.decode()
    assert text.startswith("a/Dockerfile and 4 more: would be opened\n")


def test_a_dry_run_knows_what_is_there(world: World) -> None:
    world.run("web")
    sent = len(world.changes)
    assert world.json("web", "--dry-run")[0]["done"] == "unchanged"
    assert [item["done"] for item in world.json(".", "--dry-run", "--limit", "1")] == [
        "left alone",
        "unchanged",
    ]
    assert world.changes[sent:] == []


# --- forks, the token ----------------------------------------------------------------------------


@pytest.mark.skipif(
    not Path(git(Path(), "--exec-path"), "git-http-backend").exists(), reason="no git-http-backend"
)
class TestOverHttp:
    @pytest.mark.parametrize(
        ("world", "there"),
        [("github", False), ("gitlab", False), ("gitlab", True), ("gitea", False), ("gitea", True)],
        indirect=["world"],
    )
    def test_fork(self, world: World, there: bool) -> None:
        if there:
            world.hub.fork(world.repo.path)
        assert world.run("web", "--fork").code == 0
        (pull,) = world.pulls
        assert pull.source == "robot/shop"
        assert world.repo.tip(BRANCH) is None
        assert world.hub.repos["robot/shop"].tip(BRANCH) is not None
        assert world.json("web", "--fork")[0]["done"] == "unchanged"

    def test_the_token_goes_to_git_and_nowhere_else(self, world: World) -> None:
        """Not into arguments, nor into files, nor to helpers of the user, who would store it."""
        world.project_git("remote", "set-url", "origin", f"{world.hub.url}/git/acme/shop.git")
        stored = world.home / "stored"
        world.project_git("config", "--global", "credential.helper", f"store --file={stored}")
        seen = world.folder / "arguments"
        world.monkeypatch.setenv("GIT_TRACE2_EVENT", str(seen))
        result = world.run("web", "--forge", "github")
        assert result.code == 0, result.stderr
        assert world.repo.tip(BRANCH) is not None
        assert not stored.exists()
        assert '"push"' in seen.read_text()
        kept = [path for path in world.folder.rglob("*") if path.is_file() and world.hub.token in _text(path)]
        assert kept == []


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1")
