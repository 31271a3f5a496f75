"""What `slimify pr` makes of a forge that is not well, and of what strangers wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from forges.hub import Fault, Hub, Pull, git
from forges.server import Server
from forges.world import BRANCH, TOKENS, World, every_forge, served
from support import Result, invoke


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    yield from served(request, tmp_path, monkeypatch)


# --- when the forge is not well -------------------------------------------------------------------


@every_forge
def test_an_expired_token(world: World) -> None:
    world.monkeypatch.setenv(TOKENS[world.kind], "old")
    result = world.run("web")
    assert (result.code, result.stdout) == (2, b"")
    assert "rejects the token, which is wrong, expired or revoked" in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert "old" not in result.stderr


def test_no_token(world: World) -> None:
    world.monkeypatch.delenv("GITHUB_TOKEN")
    result = world.run("web")
    assert (result.code, world.hub.calls) == (2, [])
    assert "set GH_TOKEN or GITHUB_TOKEN" in result.stderr


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


# --- what strangers write on a forge --------------------------------------------------------------


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


@pytest.mark.parametrize("kind", ["text", "json"])
def test_messages_of_a_forge(world: World, kind: str) -> None:
    message = {"message": "see https://user:passw0rd@x/"}
    world.hub.faults.append(Fault("POST /repos/acme/shop/pulls", 400, message))
    result = world.run("web", "--format", kind)
    shown = result.stdout.decode() + result.stderr
    assert "answered 400" in shown
    assert "passw0rd" not in shown


# --- repositories of strangers --------------------------------------------------------------------


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


def test_templates_of_the_repository_are_not_used(world: World) -> None:
    world.write("slimify.toml", 'templates = "layout"\n')
    world.write("layout/go/stages.Dockerfile.j2", "{{ nothing }}")
    world.commit("Layout", push=True)
    result = world.run("web")
    assert (result.code, [pull.state for pull in world.pulls]) == (0, ["open"]), result.stderr
    assert world.run("web", "--config", "slimify.toml").code == 2


def test_what_is_not_taken_is_said(world: World) -> None:
    world.write("slimify.toml", '[pr]\napi-url = "http://evil.example"\n')
    shown = " ".join(world.run("web").stdout.decode().split())
    assert 'pr.api-url = "http://evil.example" decides where the token is sent; --config' in shown
