"""`verify` and `rewrite --verify` from the command line, with an engine that is a script."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from imagefiles import archive, configuration, docker_members, member, tar
from msgspec.structs import replace
from support import ROOT, invoke
from unit.engine_fakes import Fakes

import slimify
from slimify.cli.progress import LiveProgress
from slimify.config import Options
from slimify.engine.model import Progress
from slimify.image.model import Image
from slimify.model.decisions import Decision
from slimify.model.ignore_file import IgnoreFile
from slimify.model.outcome import Outcome, Rewritten, Unchanged
from slimify.verify.model import Constraint, Round

SCHEMA = json.loads((ROOT / "slimify" / "report" / "schema.json").read_text("utf-8"))
BEFORE = 'FROM python:3.12\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n'
AFTER = BEFORE.replace("python:3.12", "python:3.12-slim")
CONFIG = {"Cmd": ["python", "app.py"], "Env": ["PATH=/usr/local/bin:/bin"], "WorkingDir": "/app"}
BUILT = """
kind=original; grep -q -e -slim "$file" && kind=rewritten
grep -q libpq5 "$file" && kind=repaired
echo "#5 [1/2] FROM base of $kind"; echo "#6 [2/2] COPY app.py ."
grep -q "RUN false" "$file" && { echo "ERROR: failed to solve"; exit 1; }
[ -f $S/hang ] && { sleep 60 & wait; }
[ -f $S/fail-$kind ] && { cat $S/fail-$kind; exit 1; }
"""


class Pipeline(types.ModuleType):
    """Rewrites python:3.12 to its slim variant, with the packages that are to be kept."""

    def __init__(self) -> None:
        super().__init__("slimify.pipeline")

    def rewrite(
        self,
        data: bytes,
        *,
        name: str,
        context: Path | None,
        options: Options,
        image: Image | None = None,
        shared: object = None,
    ) -> Outcome:
        text = data.decode()
        base = Unchanged(file=name, before=text, language="python")
        after = text.replace("python:3.12\n", "python:3.12-slim\n")
        if after == text:
            return base
        for package in options.keep_packages:
            after += f"RUN apt-get install {package}\n"
        slim = Decision.of("SL301", "release", safety="safe", base="slim", base_ref="full")
        return base.become(Rewritten, rung="slim", after=after, decisions=(slim,))


class World:
    """A project, an engine and what the images hold. `libraries`: those that the rewritten image lacks."""

    def __init__(self, fakes: Fakes, folder: Path) -> None:
        self.fakes, self.project, self.state = fakes, folder / "project", folder / "state"
        for path in (self.project, self.state):
            path.mkdir()
        fakes.images(self.state, BUILT)
        (self.project / "Dockerfile").write_text(BEFORE)
        (self.project / "app.py").write_text("print(1)\n")
        ended = {"State": {"Running": False, "ExitCode": 0}, "NetworkSettings": {}}
        for kind in ("original", "rewritten", "repaired"):
            (self.state / f"{kind}.container").write_text(json.dumps([ended]))
            self.image(kind)

    def image(
        self,
        kind: str,
        *,
        log: str = "ready\n",
        programs: tuple[str, ...] = ("python",),
        mode: int = 0o644,
        **config: Any,
    ) -> None:
        programs = ("usr/local/bin/" + name for name in programs)  # type: ignore[assignment]
        base = tar(*(member(name, b"\x7f", mode=0o755) for name in programs))
        status = b"Package: libpq5\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
        own = tar(
            member("app/app.py", b"print(1)\n", mode=mode),
            member("var/lib/dpkg/status", status),
            member("var/lib/dpkg/info/libpq5.list", b"/usr/local/bin/psql\n"),
        )
        steps = [{"created_by": "base"}, {"created_by": "WORKDIR", "empty_layer": True}]
        steps += [{"created_by": "COPY"}, {"created_by": "CMD", "empty_layer": True}]
        values = {**CONFIG, **config}
        layers = (base, own)
        described = configuration(layers, config=values, history=steps)
        (self.state / f"{kind}.tar").write_bytes(archive(docker_members(layers, config=described)))
        size = {"original": 1_000_000_000}.get(kind, 150_000_000)
        (self.state / f"{kind}.json").write_text(json.dumps([{"Config": values, "Size": size}]))
        (self.state / f"{kind}.log").write_text(log)

    def run(self, *words: str, stdin: bytes = b"") -> Any:
        result = invoke(*words, cwd=self.project, stdin=stdin)
        assert self.fakes.left_in_temporary() == []
        return result

    @property
    def dockerfile(self) -> str:
        return (self.project / "Dockerfile").read_text()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    stub = Pipeline()
    monkeypatch.setitem(sys.modules, "slimify.pipeline", stub)
    monkeypatch.setattr(slimify, "pipeline", stub, raising=False)
    return World(Fakes(tmp_path, monkeypatch), tmp_path)


def objects(stdout: bytes) -> list[dict[str, Any]]:
    values = [json.loads(line) for line in stdout.splitlines()]
    for value in values:
        jsonschema.validate(value, SCHEMA)
    return values


# --- verify ----------------------------------------------------------------------------------------------


def test_equal(world: World) -> None:
    result = world.run("verify")
    text = result.stdout.decode()
    assert result.code == 0, result.stderr + text
    assert text.startswith("Dockerfile: equal, 1.00 GB → 150 MB (−85 %)\n")
    assert all(len(line) <= 80 for line in text.splitlines()), text
    assert len(text.splitlines()) <= 25, text
    assert "original: 2/2 COPY app.py" in result.stderr
    assert "\r" not in result.stderr
    assert world.dockerfile == BEFORE
    assert any(call.startswith("docker rmi") for call in world.fakes.calls)


def test_nothing_to_prove(world: World) -> None:
    (world.project / "Dockerfile").write_text("FROM python:3.12-slim\n")
    result = world.run("verify")
    assert (result.code, result.stdout) == (0, b"")
    assert "unchanged" in result.stderr
    assert "slimify verify EARLIER --rewritten Dockerfile\n" in result.stderr
    assert world.fakes.calls == []


def test_different(world: World) -> None:
    world.image("rewritten", Cmd=["python"])
    result = world.run("verify")
    assert result.code == 1
    assert b"SL510 breaks Cmd was python app.py and is python" in result.stdout
    assert len(result.stdout.splitlines()) <= 25


@pytest.mark.parametrize(("fail_on", "code"), [(None, 0), ("breaks", 0), ("may-matter", 1), ("cosmetic", 1)])
def test_what_may_matter_fails_if_asked(world: World, fail_on: str | None, code: int) -> None:
    world.image("rewritten", mode=0o600)
    result = world.run("verify", *(("--fail-on", fail_on) if fail_on else ()))
    assert b"equal, 1.00 GB" in result.stdout
    assert b"1 difference may matter" in result.stdout
    assert b"SL528 may matter /app/app.py: 0:0 0644 became 0:0 0600" in result.stdout
    assert result.code == code


def test_json(world: World) -> None:
    world.image("rewritten", programs=())
    result = world.run("verify", "--format", "json")
    (found,) = objects(result.stdout)
    assert (result.code, found["verdict"]) == (1, "different")
    assert found["sizes"] == {"original": 1_000_000_000, "rewritten": 150_000_000}
    (commands,) = (check for check in found["checks"] if check["name"] == "commands")
    assert commands["findings"][0]["needs"] == ["command python"]


def test_nothing_is_started_where_nothing_shall_be(world: World) -> None:
    result = world.run("verify", "--no-run")
    assert result.code == 0
    assert b"not proven: nothing was run" in result.stdout
    assert not any(call.startswith("docker run") for call in world.fakes.calls)


def test_another_behaviour(world: World) -> None:
    world.image("rewritten", log="ready\nwarning: no templates\n")
    result = world.run("verify")
    assert result.code == 1
    assert b"+ warning: no templates" in result.stdout


def test_the_original_does_not_build(world: World) -> None:
    (world.state / "fail-original").write_text(
        "ERROR: failed to solve: process did not complete: exit code: 1\n"
    )
    result = world.run("verify")
    assert result.code == 3
    assert b"Dockerfile: not built" in result.stdout
    assert b"the original does not build" in result.stdout
    log = "#5 [1/2] FROM base of original"
    assert log.encode() in result.stdout  # whole
    (found,) = objects(world.run("verify", "--format", "json").stdout)
    assert log in found["log"]


def test_the_rewritten_file_does_not_build(world: World) -> None:
    (world.state / "fail-rewritten").write_text("ERROR: failed to solve: process did not complete\n")
    result = world.run("verify")
    assert result.code == 1
    assert b"SL501 breaks the rewritten file does not build" in result.stdout


def test_the_base_of_the_rewritten_file_is_not_to_be_had(world: World) -> None:
    (world.state / "fail-rewritten").write_text("ERROR: failed to solve: pull access denied for x\n")
    result = world.run("verify")
    assert result.code == 3
    assert b"Dockerfile: not built" in result.stdout
    assert b"the images could not be compared" in result.stdout


@pytest.mark.parametrize("words", [(), ("--engine", "podman")], ids=["none", "the one that is asked for"])
def test_no_engine(world: World, words: tuple[str, ...]) -> None:
    (world.fakes.bin / "docker").unlink()
    result = world.run("verify", *words)
    assert (result.code, result.stdout) == (4, b"")
    assert "hint: install Docker, Podman or Buildah" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_engine_that_breaks_down(world: World) -> None:
    world.fakes.docker(world.fakes.says("Cannot connect to the Docker daemon at unix:///x. Is it running?\n"))
    result = world.run("verify", "--format", "json")
    (found,) = objects(result.stdout)
    assert (result.code, found["outcome"], found["error"]["code"]) == (4, "failed", "SL905")


def test_malformed(world: World) -> None:
    (world.project / "x").write_text("go build\n")
    assert world.run("verify", "--rewritten", "Dockerfile", "nowhere").code == 2


def test_a_file_of_ones_own(world: World) -> None:
    (world.project / "other").write_text(AFTER)
    (world.project / "Dockerfile").write_text(BEFORE + "# slimify: ignore\n")
    assert world.run("verify", "--rewritten", "other").code == 0
    world.image("rewritten", programs=())
    assert world.run("verify", "--rewritten", "other").code == 1
    refused = world.run("verify", "--rewritten", "other", "--repair")
    assert refused.code == 2
    assert "--repair and --rewritten can't be combined" in refused.stderr


def test_several_files_are_an_object_each(world: World) -> None:
    (world.project / "worker.Dockerfile").write_text(BEFORE.replace("COPY", "# x\nCOPY"))
    (world.project / "small.Dockerfile").write_text("FROM python:3.12-slim\n")
    result = world.run("verify", ".", "--format", "json")
    found = objects(result.stdout)
    assert [Path(item["file"]).name for item in found] == [
        "Dockerfile",
        "small.Dockerfile",
        "worker.Dockerfile",
    ]
    assert [item.get("verdict") for item in found] == ["equal", None, "equal"]
    assert result.code == 0
    assert world.run("verify", ".", "--rewritten", "Dockerfile").code == 2


def test_standard_input_needs_a_context(world: World) -> None:
    result = world.run("verify", "-", stdin=BEFORE.encode())
    assert result.code == 2
    assert "needs --context" in result.stderr
    assert world.run("verify", "-", "--context", ".", stdin=BEFORE.encode()).code == 0


def test_the_report_is_on_standard_output(world: World) -> None:
    result = world.run("verify", "--output", "-")
    assert result.code == 2
    assert "--output takes a file" in result.stderr
    assert not (world.project / "-").exists()


def test_the_proven_file_is_written_and_no_other(world: World) -> None:
    result = world.run("verify", "--output", "new")
    assert (result.code, result.stderr.splitlines()[-1]) == (0, "wrote new")
    assert (world.project / "new").read_text() == AFTER
    (world.project / "new").unlink()
    world.image("rewritten", programs=())
    assert world.run("verify", "--output", "new").code == 1
    assert not (world.project / "new").exists()


def test_markdown(world: World) -> None:
    result = world.run("verify", "--format", "markdown")
    assert result.code == 0
    head = "### `Dockerfile`: equal, 1.00 GB → 150 MB (−85 %)\n\n| | before"
    assert result.stdout.decode().startswith(head)


# --- settings of the repository --------------------------------------------------------------------------

HOSTILE = (
    '[probes]\noptions = ["--privileged", "--pid=host", "--init"]\n'
    'volumes = ["/:/host", "./app.py:/app.py:ro"]\n'
)


def test_the_page_has_every_file_and_its_place_is_named_before_anything_is_built(world: World) -> None:
    (world.project / "web").mkdir()
    (world.project / "web" / "Dockerfile").write_text(BEFORE)
    (world.project / "web" / "app.py").write_text("print(1)\n")
    result = world.run("verify", ".", "--html", "page.html")
    assert (result.code, "wrote page.html" in result.stderr) == (0, True)
    text = (world.project / "page.html").read_text("utf-8")
    assert text.count(">equal</span>") == 2
    assert "What was measured" in text
    wrong = world.run("verify", "--html", "no/page.html")
    assert (wrong.code, "no is not a directory" in wrong.stderr) == (2, True)


def started(world: World) -> str:
    return next(call for call in world.fakes.calls if call.startswith("docker run"))


@pytest.mark.parametrize("words", [("verify",), ("rewrite", "--verify"), ("check", "--verify")], ids=" ".join)
def test_what_reaches_the_host_is_not_taken_from_the_repository(world: World, words: tuple[str, ...]) -> None:
    (world.project / "slimify.toml").write_text(HOSTILE)
    result = world.run(*words)
    call = started(world)
    assert "--privileged" not in call
    assert "--pid=host" not in call
    assert "/host" not in call
    assert f" --init {world.project}" not in call
    assert f"--volume {world.project}/app.py:/app.py:ro" in call
    assert " --init " in call
    for limit in ("--security-opt=no-new-privileges", "--pids-limit=4096", "--memory 4g"):
        assert limit in call
    assert "--network" not in call
    if words[0] != "check":
        text = " ".join(result.stderr.split())
        for given in ("--privileged", "--pid=host", "/"):
            assert f"repository's slimify.toml: probes.options: {given}" in text or given == "/"
        assert "probes.volumes: / is outside the repository; --config" in text


def test_the_user_allows_what_reaches_the_host(world: World) -> None:
    (world.project / "slimify.toml").write_text(HOSTILE)
    result = world.run("verify", "--config", "slimify.toml")
    assert "--volume /:/host " in started(world)
    assert " --privileged --pid=host --init " in started(world)
    assert "not taken" not in result.stderr


def test_a_repository_without_a_say(world: World) -> None:
    (world.project / "slimify.toml").write_text(HOSTILE)
    result = world.run("verify", "--isolated")
    assert "--init" not in started(world)
    assert "not taken" not in result.stderr
    assert world.run("verify", "--isolated", "--config", "slimify.toml").code == 2


# --- repair ----------------------------------------------------------------------------------------------


def lacking(world: World) -> None:
    """The rewritten image lacks what the package libpq5 brings, and CMD starts it."""
    (world.project / "Dockerfile").write_text(BEFORE.replace('"python", "app.py"', '"psql"'))
    for kind in ("original", "repaired"):
        world.image(kind, programs=("python", "psql"), Cmd=["psql"])
    world.image("rewritten", Cmd=["psql"])


def test_repair(world: World) -> None:
    lacking(world)
    result = world.run("verify", "--repair", "--format", "json")
    (found,) = objects(result.stdout)
    assert (result.code, found["verdict"]) == (0, "equal")
    assert found["settings"] == {"keep-packages": ["libpq5"]}
    assert [turn["verdict"] for turn in found["rounds"]] == ["different", "equal"]
    assert "slim: different, needs package libpq5" in result.stderr
    assert not (world.project / "slimify.toml").exists()
    text = world.run("verify", "--repair").stdout.decode()
    assert 'in slimify.toml:\n    keep-packages = ["libpq5"]\n' in text


def test_repair_that_comes_to_nothing(world: World) -> None:
    lacking(world)
    world.image("repaired", Cmd=["psql"])
    result = world.run("verify", "--repair", "--output", "new")
    assert result.code == 1
    assert b"no rewrite was verified" in result.stdout
    assert not (world.project / "new").exists()


# --- rewrite --verify --------------------------------------------------------------------------------------


def test_rewrite_with_proof(world: World) -> None:
    result = world.run("rewrite", "--verify")
    assert result.code == 0
    assert b"+FROM python:3.12-slim" in result.stdout
    assert "Dockerfile: equal" in result.stderr
    assert world.dockerfile == BEFORE
    assert world.run("rewrite", "--verify", "--write").code == 0
    assert world.dockerfile == AFTER


@pytest.mark.parametrize("first", ["FROM python:3.12\n", "FROM python:3.12\nRUN false\n"])
def test_an_ignore_file_is_shown_once(world: World, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """With the first Dockerfile of its context that is proven: the others bring nothing."""
    rewrite = slimify.pipeline.rewrite
    ignore = IgnoreFile(path=".dockerignore", before=None, after=".git\n", sent=(2, 1))
    monkeypatch.setattr(slimify.pipeline, "rewrite", lambda *a, **k: replace(rewrite(*a, **k), ignore=ignore))
    (world.project / "Dockerfile").write_text(first)
    for name in ("api", "worker"):
        (world.project / f"{name}.Dockerfile").write_text(BEFORE)
    result = world.run("rewrite", "--verify", ".")
    assert result.stdout.count(b"+++ .dockerignore") == 1


def test_a_rewrite_that_is_not_proven_is_neither_shown_nor_written(world: World) -> None:
    world.image("rewritten", programs=())
    for words in ((), ("--write",), ("--output", "new"), ("--output", "-")):
        result = world.run("rewrite", "--verify", *words)
        assert (result.code, result.stdout) == (1, b"")
        assert "Dockerfile: different" in result.stderr
        assert world.dockerfile == BEFORE
        assert not (world.project / "new").exists()
    result = world.run("rewrite", "--verify", "--format", "json")
    (found,) = objects(result.stdout)
    assert (result.code, found["outcome"], found["verdict"]) == (1, "unchanged", "different")
    assert (found["dockerfile"], found["diff"]) == (BEFORE, "")


def test_rewrite_without_need_of_proof(world: World) -> None:
    assert world.run("rewrite").code == 0
    assert world.fakes.calls == []
    refused = world.run("rewrite", "--repair")
    assert refused.code == 2
    assert "--repair needs --verify" in refused.stderr


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        ("", "", 'keep-packages = ["libpq5"]\n'),
        ("slimify.toml", "base = 'auto'\n", "base = 'auto'\nkeep-packages = [\"libpq5\"]\n"),
        ("pyproject.toml", "[tool.slimify]\nannotate = false\n", None),
        ("pyproject.toml", "[tool.x]\n", 'keep-packages = ["libpq5"]\n'),
    ],
    ids=["no file", "a settings file", "a project file with settings", "a project file without"],
)
def test_what_was_kept_is_remembered(world: World, name: str, text: str, after: str | None) -> None:
    lacking(world)
    if name:
        (world.project / name).write_text(text)
    result = world.run("rewrite", "--verify", "--repair", "--write")
    assert result.code == 0, result.stderr
    assert "libpq5" in world.dockerfile
    if name == "pyproject.toml":
        assert (world.project / name).read_text() == text
    if after is None:
        assert 'add by hand:\n  keep-packages = ["libpq5"]' in result.stderr
        assert not (world.project / "slimify.toml").exists()
    else:
        assert (world.project / "slimify.toml").read_text() == after
        assert "slimify.toml" in result.stderr


# --- probes ------------------------------------------------------------------------------------------------


def test_bad_probes_are_named_before_anything_is_built(world: World) -> None:
    (world.project / "slimify.toml").write_text("[probes]\nports = 1\n")
    for command in (("verify",), ("rewrite", "--verify")):
        result = world.run(*command)
        assert result.code == 2
        assert 'slimify.toml: probes have no key "ports"' in result.stderr
    assert world.fakes.calls == []
    assert world.run("rewrite").code == 0


def test_probes_reach_the_engine(world: World) -> None:
    (world.project / "pyproject.toml").write_text(
        "[tool.slimify.probes]\nvolumes = ['./data:/data:ro', 'named:/n']\nenv = { A = 1 }\n"
        "options = ['--cap-add=X']\nrun = [{ command = 'app --version', exit = 0 }]\nport = 8080\n"
    )
    result = world.run("verify", "--config", "pyproject.toml")
    assert result.code == 0, result.stdout.decode() + result.stderr
    runs = [call for call in world.fakes.calls if call.startswith("docker run")]
    assert len(runs) == 4  # each image as it starts, and with the command
    for call in runs:
        assert f"--volume {world.project}/data:/data:ro --volume named:/n --memory 4g --cap-add=X" in call
        assert "--env A=1" in call
    assert sum("app --version" in call for call in runs) == 2
    assert sum("127.0.0.1::8080" in call for call in runs) == 2
    assert b"`app --version`: exit code 0" in result.stdout


# --- interruption and progress ---------------------------------------------------------------------------


def test_interrupted_it_leaves_nothing(world: World) -> None:
    (world.state / "hang").touch()
    (world.project / "other").write_text(AFTER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(world.fakes.temporary)}
    with subprocess.Popen(
        [sys.executable, "-m", "slimify", "verify", "--rewritten", "other"],
        cwd=world.project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        end = time.monotonic() + 30
        while sum("buildx build" in call for call in world.fakes.calls) < 2 and time.monotonic() < end:
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    assert world.fakes.left_in_temporary() == []
    assert world.dockerfile == BEFORE


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def at(label: str, step: int, text: str, elapsed: float) -> Progress:
    return Progress(label=label, step=step, steps=4, text=text, elapsed=elapsed)


def test_progress_on_a_terminal_is_one_line_that_moves() -> None:
    stream = _Terminal()
    live = LiveProgress(stream)
    live.progress(at("original", 1, "FROM x", 1))
    live.progress(at("rewritten", 2, "RUN y", 2))
    live.close()
    assert "\n" not in stream.getvalue()
    assert "original 1/4 FROM x 1 s | rewritten 2/4 RUN y 2 s" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_progress_in_a_pipe_is_a_line_a_step() -> None:
    stream = io.StringIO()
    live = LiveProgress(stream)
    for elapsed in range(5):
        live.progress(at("original", 1, "FROM x", elapsed))
    live.progress(at("original", 2, "RUN y", 9))
    live.turn(Round(rung="slim", verdict="different", constraints=(Constraint(need="package", value="git"),)))
    live.close()
    assert stream.getvalue().splitlines() == [
        "original: 1/4 FROM x (0 s)",
        "original: 2/4 RUN y (9 s)",
        "slim: different, needs package git",
    ]


# --- check --verify --------------------------------------------------------------------------------------


def test_check_counts_what_is_measured(world: World) -> None:
    result = world.run("check", "--verify")
    assert result.code == 1, result.stderr
    line, excerpt = result.stdout.decode().splitlines()
    assert line == (
        "Dockerfile:1: SL301 850 MB of 1.00 GB (85 %) would be saved: the final stage starts from slim, "
        "the release that full is based on"
    )
    assert excerpt.startswith("     1 | FROM ")
    assert result.stderr.endswith(
        "1 Dockerfile: 1 could be slimmer, by 850 MB\n"
        "slimify rewrite --verify Dockerfile shows the change, --write applies it\n"
    )
    (value,) = objects(world.run("check", "--verify", "--format", "json").stdout)
    (finding,) = value["findings"]
    assert (finding["saving"], finding["original"], finding["measured"]) == (850_000_000, 1_000_000_000, True)
    assert value["verdict"] == "equal"
    assert world.dockerfile == BEFORE


def test_check_counts_nothing_that_is_not_equal_or_too_little(world: World) -> None:
    little = world.run("check", "--verify", "--min-saving", "900MB")
    assert (little.code, little.stdout) == (0, b"")
    assert "Dockerfile: note: the measured saving is below --min-saving\n" in little.stderr
    world.image("rewritten", programs=())
    different = world.run("check", "--verify")
    assert (different.code, different.stdout) == (0, b"")
    assert "Dockerfile: note: not counted, because verification failed: " in different.stderr
    assert "python" in different.stderr
    assert "; see slimify verify Dockerfile\n" in different.stderr
    assert different.stderr.endswith("1 Dockerfile: nothing to save, 1 not proven\n")


def test_check_of_what_does_not_build_says_that_nothing_was_measured(world: World) -> None:
    (world.state / "fail-original").write_text(
        "ERROR: failed to solve: process did not complete: exit code: 1\n"
    )
    result = world.run("check", "--verify")
    assert (result.code, result.stdout) == (3, b"")
    assert "Dockerfile: note: not measured: " in result.stderr
