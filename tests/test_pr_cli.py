"""`slimify pr` against forges that run on this machine: real repositories, real pushes, real HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from forges.hub import Fault, Hub, Pull, git
from forges.server import Server
from forges.world import TOKENS, World
from support import GOLDEN, Result, invoke

BRANCH = "slimify/web/Dockerfile"
FORGES = ("github", "gitlab", "gitea")


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with World(getattr(request, "param", "github"), tmp_path, monkeypatch).serving() as found:
        # subprocess polls with the same function
        sleep = time.sleep
        monkeypatch.setattr(time, "sleep", lambda s: sleep(s) if s < 0.5 else found.waited.append(s))
        yield found


every_forge = pytest.mark.parametrize("world", FORGES, indirect=True)


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


@every_forge
def test_requests_of_other_people_do_not_count(world: World) -> None:
    """Whoever has a fork can open requests that look like slimify's."""
    world.run("web")
    stranger = world.hub.repo("mallory/shop", world.repo.path)
    for number in range(10, 20):
        branch, body = f"slimify/{number}/Dockerfile", world.pulls[0].body
        world.pulls.append(Pull(number, "Slim down", body, branch, "main", stranger.path))
    (found,) = world.json("api")
    assert found["done"] == "opened"


@every_forge
def test_a_request_of_a_fork_with_our_branch_is_not_ours(world: World) -> None:
    world.run("web")
    (own,) = world.pulls
    fork = world.hub.repo("acme/fork", world.repo.path)
    world.pulls[:] = [Pull(9, "Slim down", own.body, own.branch, "main", fork.path, state="closed")]
    (found,) = world.json("web")
    assert found["done"] == "opened"


def test_a_message_names_nobody_and_closes_nothing(world: World) -> None:
    name = "closes #12 @ann"
    shutil.copytree(world.project / "web", world.project / name)
    world.commit("More", push=True)
    world.run(name, "web", "--per", "repository")
    (pull,) = world.pulls
    message = world.on(pull.branch, "log", "-1", "--format=%B")
    assert "closes #\N{ZERO WIDTH SPACE}12 @\N{ZERO WIDTH SPACE}ann/Dockerfile" in message


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


# --- forks, tokens ------------------------------------------------------------------------------


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


@every_forge
def test_an_expired_token(world: World) -> None:
    world.monkeypatch.setenv(TOKENS[world.kind], "old")
    result = world.run("web")
    assert (result.code, result.stdout) == (2, b"")
    assert "rejects the token, which is wrong, expired or revoked" in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert "old" not in result.stderr


@pytest.mark.parametrize("branch", ["-x", "--upload-pack=touch x", "main\n::warning::x", "..", "a b", "\0"])
def test_names_of_branches_that_git_does_not_have(world: World, branch: str) -> None:
    world.repo.default_branch = branch
    result = world.run("web")
    assert (result.code, result.stdout) in ((2, b""), (4, b""))
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("kind", ["text", "json"])
def test_addresses_of_requests(world: World, kind: str) -> None:
    world.monkeypatch.setattr("forges.github.PAGE", "https://user:passw0rd@x/\x1b[2J\n::error::x")
    shown = world.run("web", "--format", kind).stdout.decode()
    assert "opened" in shown
    assert "passw0rd" not in shown
    assert "\x1b" not in shown
    assert "\n::" not in shown


def test_no_token(world: World) -> None:
    world.monkeypatch.delenv("GITHUB_TOKEN")
    result = world.run("web")
    assert (result.code, world.hub.calls) == (2, [])
    assert "set GH_TOKEN or GITHUB_TOKEN" in result.stderr


# --- when the forge is not well -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "fault"),
    [
        pytest.param("github", Fault("GET", 503, times=2), id="unavailable"),
        pytest.param("github", Fault("POST", 502), id="bad gateway"),
        pytest.param("github", Fault("POST", 502, after=True), id="done though, github"),
        pytest.param("gitlab", Fault("POST", 502, after=True), id="done though, gitlab"),
        pytest.param("gitea", Fault("POST", 502, after=True), id="done though, gitea"),
        pytest.param("gitlab", Fault("POST", 429, {}, {"Retry-After": "7"}), id="too fast"),
        pytest.param(
            "github",
            Fault("POST", 403, {"message": "secondary rate limit"}, {"Retry-After": "7"}),
            id="limit",
        ),
    ],
    indirect=["world"],
)
def test_faults_that_pass(world: World, fault: Fault) -> None:
    world.hub.faults.append(fault)
    result = world.run("web")
    assert (result.code, [pull.state for pull in world.pulls]) == (0, ["open"]), result.stderr
    assert sum(world.waited) == 7 if fault.headers else 0 < sum(world.waited) < 7
    assert world.json("web")[0]["done"] == "unchanged"


@every_forge
@pytest.mark.parametrize("content", [{}, [1], {"message": "x\x1b[2J\n::error::y"}], ids=["{}", "[1]", "text"])
@pytest.mark.parametrize("number", [0, 2])
def test_answers_of_any_shape(world: World, content: object, number: int) -> None:
    """Whichever answer it is: a message, and the exit code for a forge that failed."""
    world.hub.faults.append(Fault("", 200, content, times=99))
    served = iter(range(10**6))
    real = Server._fault

    def fault(server: Server, call: str) -> Fault | None:
        return real(server, call) if next(served) >= number else None

    world.monkeypatch.setattr(Server, "_fault", fault)
    result = world.run("web")
    assert result.code in (0, 2, 4), result.stderr
    assert "Traceback" not in result.stderr
    assert "slimify has an error" not in result.stderr
    assert "\x1b" not in result.stderr
    if result.code == 4:
        assert "does not answer as its API is documented" in " ".join(result.stderr.split())


def check(result: Result, code: int, message: str) -> None:
    assert (result.code, message in " ".join(result.stderr.split())) == (code, True), result.stderr


def test_a_limit_that_lasts(world: World) -> None:
    world.hub.faults.append(Fault("GET", 429, {"message": "slow"}, {"Retry-After": "3600"}, times=99))
    check(world.run("."), 4, "rate limit of GitHub is reached: it accepts no requests for 60 minutes")
    assert len(world.hub.calls) == 1


def test_an_outage(world: World) -> None:
    world.hub.faults.append(Fault("GET", 503, times=99))
    check(world.run("."), 4, "can't be reached at http://127.0.0.1")
    assert len(world.hub.calls) == 4


def test_a_token_that_may_not(world: World) -> None:
    fault = Fault(
        "POST /repos/acme/shop/pulls", 403, {"message": "Resource not accessible by token"}, times=9
    )
    world.hub.faults.append(fault)
    check(
        world.run("web"),
        2,
        "the token lacks permission for POST /repos/acme/shop/pulls: Resource not accessible by token",
    )
    fault.times = 0
    assert world.json("web")[0]["done"] == "opened"  # the branch is there already


def test_an_unknown_reviewer_is_a_remark(world: World) -> None:
    result = world.run("web", "--reviewer", "zoe")
    assert (result.code, len(world.pulls)) == (0, 1)
    assert "warning: reviewers not set" in result.stdout.decode()


@every_forge
def test_two_runs_at_once(world: World) -> None:
    """Both get as far as the push, and then one of them sees what the other one did."""
    meeting = world.folder / "meeting"
    meeting.mkdir()
    script = str(Path(__file__).parent / "forges" / "together.py")
    words = ["pr", "web", "--no-verify", "--format", "json", "--api-url", world.api]
    runs = [
        subprocess.Popen(
            [sys.executable, script, str(meeting), name, "2", *words],
            cwd=world.project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in "ab"
    ]  # fmt: skip
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert sorted(json.loads(out)["done"] for out, _ in said) == ["opened", "unchanged"]
    assert len(world.pulls) == 1
    assert world.on(BRANCH, "rev-list", "--count", "^main") == "1"


# --- repositories of strangers ------------------------------------------------------------------


def _ran(world: World) -> list[str]:
    return sorted(path.name for path in world.folder.glob("ran-*"))


def _program(world: World, name: str) -> str:
    """A program that leaves a trace."""
    path = world.folder / f"program-{name}"
    path.write_text(f"#!/bin/sh\ntouch {world.folder}/ran-{name}\nexec cat\n")
    path.chmod(0o755)
    return str(path)


CONFIGURED = [
    "core.fsmonitor", "core.sshCommand", "core.gitProxy", "core.pager", "core.editor", "core.askPass",
    "core.alternateRefsCommand", "filter.x.smudge", "filter.x.clean", "filter.x.process", "diff.external",
    "diff.x.command", "diff.x.textconv", "gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand",
    "remote.origin.uploadpack", "remote.origin.receivepack", "remote.origin.vcs",
    "uploadpack.packObjectsHook",
    "credential.helper", "sequence.editor", "merge.x.driver", "protocol.ext.allow", "alias.fetch",
    "trailer.x.command", "interactive.diffFilter", "url.ext::sh.insteadOf",
]  # fmt: skip


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["pr", "dry run"])
def test_programs_that_a_clone_configures_are_not_started(world: World, words: tuple[str, ...]) -> None:
    world.write(".gitattributes", "* filter=x diff=x merge=x\n")
    world.commit("Attributes", push=True)
    for key in CONFIGURED:
        world.project_git("config", key, _program(world, key))
    world.project_git("config", "filter.x.required", "true")
    world.project_git("config", "core.worktree", str(world.project))
    world.project_git("config", "core.hooksPath", str(world.folder))
    world.monkeypatch.setattr(world, "state", tuple)
    result = world.run("web", *words)
    assert result.code == 0, result.stderr
    assert _ran(world) == []


@pytest.mark.parametrize("url", ["ext::touch {}/ran-ext", "-u touch {}/ran-u", "fd::17", "x::{}/program"])
def test_addresses_that_run_commands(world: World, url: str) -> None:
    world.project_git("config", "remote.origin.url", url.format(world.folder))
    world.project_git("config", "protocol.ext.allow", "always")
    assert world.run("web", "--forge", "github").code in (2, 4)
    assert _ran(world) == []


def test_the_callers_index_and_repository_are_left_alone(world: World) -> None:
    """As in a hook, whose variables say where git works."""
    index = world.folder / "index"
    world.monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    world.monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.sshcommand={_program(world, 'parameters')}'")
    world.monkeypatch.setattr(world, "state", tuple)
    assert world.run("web").code == 0
    assert not index.exists()


@pytest.mark.parametrize("depth", ["1", "2"])
def test_shallow_and_partial_clones(world: World, depth: str) -> None:
    for name in "abc":
        world.commit(name, push=True)
    project = world.folder / "shallow"
    words = ("--filter=blob:none",) if depth == "2" else ()
    git(world.repo.bare, "config", "uploadpack.allowFilter", "true")
    git(
        world.folder,
        "clone",
        "--quiet",
        f"--depth={depth}",
        *words,
        f"file://{world.repo.bare}",
        str(project),
    )
    git(project, "remote", "set-url", "origin", f"https://github.com/{world.repo.path}.git")
    world.project = project
    assert world.run("web").code == 0
    assert world.json("web")[0]["done"] == "unchanged"
    assert world.on(BRANCH, "rev-list", "--count", "^main") == "1"


@pytest.mark.parametrize("forge", ["github", "gitea"])
def test_the_repository_does_not_say_where_the_token_goes(world: World, forge: str) -> None:
    evil = Hub(world.folder / "evil")
    world.monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody there
    world.monkeypatch.setenv("GITEA_TOKEN", world.hub.token)
    with Server(forge, evil) as api:
        world.write("slimify.toml", f'[pr]\napi-url = "{api}"\nforge = "{forge}"\n')
        result = invoke("pr", "web", "--no-verify", cwd=world.project)
        assert (result.code, evil.calls) == (4, [])
        assert "can't be reached at https://api.github.com" in result.stderr
        world.write("own.toml", f'[pr]\napi-url = "{api}"\nforge = "{forge}"\n')
        invoke("pr", "web", "--no-verify", "--config", "own.toml", cwd=world.project)
        assert evil.calls != []


def test_what_is_not_taken_is_said(world: World) -> None:
    world.write("slimify.toml", '[pr]\napi-url = "http://evil.example"\n')
    shown = " ".join(world.run("web").stdout.decode().split())
    assert 'pr.api-url = "http://evil.example" decides where the token is sent; --config' in shown
