"""The whole cycle of a request, with an engine that is a script: from the rewrite to its being closed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from forges.hub import git
from forges.world import World
from test_verify_cli import BEFORE
from test_verify_cli import World as Engine
from unit.engine_fakes import Fakes

BRANCH = "slimify/app/Dockerfile"


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with World(request.param, tmp_path / "world", monkeypatch).serving() as found:
        shutil.rmtree(found.project / "web")
        shutil.rmtree(found.project / "api")
        found.write("app/Dockerfile", BEFORE)
        found.write("app/app.py", "print(1)\n")
        found.commit("An application", push=True)
        yield found


@pytest.fixture
def engine(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    folder = tmp_path / "engine"
    folder.mkdir()
    found = Engine(Fakes(folder, monkeypatch), folder)
    (found.fakes.bin / "git").symlink_to(shutil.which("git", path="/usr/local/bin:/usr/bin:/bin") or "git")
    monkeypatch.setattr("tempfile.tempdir", str(world.folder / "tmp"))
    return found


@pytest.mark.parametrize("world", ["github", "gitlab", "gitea"], indirect=True)
def test_the_whole_cycle(world: World, engine: Engine) -> None:
    estimated = world.run("app")
    assert (estimated.code, "**Estimated**" in world.pulls[0].body) == (0, True), estimated.stderr
    tip = world.on(BRANCH, "rev-parse")

    # the same file, but now it is known what it does: the text says so, the branch stays
    (found,) = world.json("app", "--verify")
    (pull,) = world.pulls
    assert (found["done"], world.on(BRANCH, "rev-parse")) == ("updated", tip)
    assert "**Measured**: both images were built with " in pull.body
    assert "| `app/Dockerfile` | 1.00 GB | 150 MB | 85 % |" in pull.body
    assert "not built" not in pull.body

    # what was measured is not replaced by an estimate
    assert world.json("app")[0]["done"] == "unchanged"
    assert "**Measured**" in pull.body

    # another source: another file, measured again
    world.write("app/Dockerfile", BEFORE.replace("WORKDIR", "ENV LEVEL=2\nWORKDIR"))
    for kind in ("original", "rewritten"):
        engine.image(kind, Env=["PATH=/usr/local/bin:/bin", "LEVEL=2"])
    world.commit("A setting", push=True)
    (found,) = world.json("app", "--verify")
    assert (found["done"], "ENV LEVEL=2" in world.shown(BRANCH, "app/Dockerfile")) == ("updated", True)
    message = " ".join(world.on(BRANCH, "log", "-1", "--format=%B").split())
    assert "Built and compared: 1.00 GB before, 150 MB after." in message

    # what is not equal is not offered, and what was offered is left to people
    engine.image("rewritten", Env=["PATH=/usr/local/bin:/bin"])
    different = world.run("app", "--verify")
    assert (different.code, pull.state) == (1, "open")
    assert "app/Dockerfile: different, not offered" in different.stdout.decode()

    # somebody closes it
    pull.state = "closed"
    engine.image("rewritten", Env=["PATH=/usr/local/bin:/bin", "LEVEL=2"])
    assert world.json("app", "--verify")[0]["code"] == "SL802"
    assert len(world.pulls) == 1


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_what_is_built_is_a_repository_of_its_own(world: World, engine: Engine) -> None:
    """A build that asks git what it builds gets an answer, and the checkout is linked again afterwards."""
    script = (engine.fakes.bin / "docker").read_text()
    look = f'git -C "$last" rev-parse --is-shallow-repository HEAD >> {engine.state}/asked 2>&1\n'
    asks = script.replace('  "buildx build")\n', '  "buildx build")\n    for last; do :; done\n    ' + look)
    (engine.fakes.bin / "docker").write_text(asks)
    assert world.run("app", "--verify").code == 0
    asked = (engine.state / "asked").read_text().split()
    assert set(asked) == {"true", world.on("main", "rev-parse")}


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_what_a_repair_needed_comes_along(world: World, engine: Engine) -> None:
    world.write("app/Dockerfile", BEFORE.replace('"python", "app.py"', '"psql"'))
    world.commit("Another command", push=True)
    for kind in ("original", "repaired"):
        engine.image(kind, programs=("python", "psql"), Cmd=["psql"])
    engine.image("rewritten", Cmd=["psql"])
    result = world.run("app", "--verify", "--repair")
    assert result.code == 0, result.stderr
    changed = git(world.repo.bare, "diff", "--name-only", "main", BRANCH).split()
    assert changed == ["app/Dockerfile", "app/slimify.toml"]
    assert world.shown(BRANCH, "app/slimify.toml") == 'keep-packages = ["libpq5"]\n'


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_images_are_built_where_an_engine_answers(world: World, engine: Engine) -> None:
    assert world.run("app", "--by-default").code == 0
    assert "**Measured**: both images were built with " in world.pulls[0].body


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_a_different_image_is_not_offered_by_default(world: World, engine: Engine) -> None:
    engine.image("rewritten", Cmd=["python"])
    result = world.run("app", "--by-default")
    assert (result.code, world.pulls) == (1, [])
    assert "app/Dockerfile: different, not offered" in result.stdout.decode()


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_an_original_that_does_not_build_stops_only_who_asked(world: World, engine: Engine) -> None:
    (engine.state / "fail-original").write_text("ERROR: failed to solve: a secret is missing\n")
    asked = world.run("app", "--verify")
    assert (asked.code, world.pulls) == (3, [])
    assert world.run("app", "--by-default").code == 0
    (pull,) = world.pulls
    assert "neither built nor started: the original does not build with " in pull.body
    assert "a secret is missing" in pull.body


@pytest.mark.parametrize("world", ["github"], indirect=True)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--by-default",), "no container engine found"),
        (("--no-verify",), "`--no-verify` was given"),
        (("--dry-run",), "a dry run builds nothing without --verify"),
    ],
)
def test_the_request_says_why_nothing_was_built(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    fakes = Fakes(tmp_path, monkeypatch)
    (fakes.bin / "git").symlink_to(shutil.which("git", path="/usr/local/bin:/usr/bin:/bin") or "git")
    monkeypatch.setattr("tempfile.tempdir", str(world.folder / "tmp"))
    result = world.run("app", *words)
    assert result.code == 0, result.stderr
    told = result.stdout.decode() if words == ("--dry-run",) else world.pulls[0].body
    assert f"neither built nor started: {said}" in told.replace("\\", "")
