"""Every engine that is installed here: builds, looks, runs, and leaves nothing behind.

Where containers need options to work at all (a sandbox with limits of its own), they are given in
SLIMIFY_TEST_BUILD and SLIMIFY_TEST_RUN, words apart, for podman and buildah.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from slimify.engine.containers import Engine
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions, EngineName, EngineProblem, Progress, RunOptions

pytestmark = pytest.mark.engine

BASE = "debian:bookworm-slim"
ENGINES: tuple[EngineName, ...] = ("buildx", "docker", "podman", "buildah")
ROOT = Path(__file__).parents[2]
DOCKERFILE = f"""\
FROM {BASE}
ARG WHO=nobody
WORKDIR /w
COPY . .
RUN echo "hello $WHO" > greeting && chmod 640 greeting
HEALTHCHECK --interval=1s CMD true
SHELL ["/bin/bash", "-c"]
EXPOSE 8000
LABEL a=b
CMD ["sh", "-c", "echo out; sleep 0.5; echo err >&2; trap 'exit 7' TERM; while :; do sleep 0.1; done"]
""".encode()


def _words(name: EngineName, variable: str) -> tuple[str, ...]:
    return tuple(os.environ.get(variable, "").split()) if name in ("podman", "buildah") else ()


def _options(engine: Engine, **values: object) -> BuildOptions:
    arguments = _words(engine.name, "SLIMIFY_TEST_BUILD")
    return BuildOptions(arguments=arguments, timeout=120, **values)  # type: ignore[arg-type]


def _run(engine: Engine, **values: object) -> RunOptions:
    return RunOptions(arguments=_words(engine.name, "SLIMIFY_TEST_RUN"), **values)  # type: ignore[arg-type]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    try:
        found = detect(request.param)
    except EngineProblem as problem:
        pytest.skip(problem.message)
    with found:
        if not found.available(BASE):
            pytest.skip(f"{request.param} has no {BASE}")
        yield found
    assert found.leftovers == ()
    assert _left(found) == ""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept")
    (folder / "left.txt").write_text("left")
    (folder / "also.txt").write_text("also")
    (folder / ".dockerignore").write_text("also.txt\n")
    return folder


def _left(engine: Engine) -> str:
    """Images and containers with the name of the run."""
    program = "docker" if engine.name in ("buildx", "docker") else engine.name
    calls = [[program, "images", "--all"]]
    if program != "buildah":
        calls.append([program, "ps", "--all"])
    said = [subprocess.run(call, capture_output=True, text=True, check=True).stdout for call in calls]
    return "\n".join(line for line in "".join(said).splitlines() if engine.run_id in line)


def test_build_look_and_save(engine: Engine, context: Path) -> None:
    seen: list[Progress] = []
    options = _options(engine, build_args={"WHO": "you there"}, no_cache=True)
    built = engine.build(DOCKERFILE, context, options, seen.append, "original", ignore=b"left.txt\n")
    assert max(progress.step for progress in seen) >= 4
    assert all(progress.step <= progress.steps for progress in seen)
    assert any("greeting" in progress.text for progress in seen)
    assert "RUN echo" in built.log
    config = engine.inspect(built.tag)["Config"]
    assert config["WorkingDir"] == "/w"
    assert config["Healthcheck"]["Test"] == ["CMD-SHELL", "true"]
    assert list(config["ExposedPorts"]) == ["8000/tcp"]
    assert config["Labels"]["a"] == "b"
    assert "slimify.verify" not in config["Labels"]
    if engine.name != "podman":  # its inspect does not tell
        assert config["Shell"] == ["/bin/bash", "-c"]
    assert engine.size(built.tag) > 10_000_000
    with engine.archive(built.tag) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        entries = {entry.name: entry.size for entry in archive}
    assert "manifest.json" in entries
    assert sum(entries.values()) > 10_000_000
    engine.remove_image(built.tag)
    assert not engine.available(built.tag)


def test_the_ignore_file_that_holds(engine: Engine, context: Path) -> None:
    text = f"FROM {BASE}\nCOPY . /w/\nRUN echo seen: $(ls /w)\n".encode()
    for ignore, seen in ((None, "kept.txt left.txt"), (b"left.txt\n", "also.txt kept.txt")):
        built = engine.build(text, context, _options(engine, no_cache=True), ignore=ignore)
        assert f"seen: {seen}\n" in built.log


def test_a_secret_is_there_and_not_in_the_image(engine: Engine, context: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    text = f"FROM {BASE}\nRUN --mount=type=secret,id=x wc -c < /run/secrets/x && ls /run/secrets\n".encode()
    built = engine.build(text, context, _options(engine, secrets=(f"id=x,src={secret}",), no_cache=True))
    assert "s3cret" not in built.log
    assert "6" in built.log


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        pytest.param(f"FROM {BASE}\n\nRUN echo said; false\n", "build", 3, id="run"),
        pytest.param(f"FROM {BASE}\nCOPY nosuch /\n", "build", 2, id="copy"),
        pytest.param(f"FROM {BASE}\nFOO\n", "build", 2, id="instruction"),
        pytest.param("FROM slimify-verify.invalid/nosuch:1\nRUN true\n", "base", 1, id="base"),
    ],
)
def test_builds_that_fail(engine: Engine, context: Path, text: str, kind: str, line: int) -> None:
    with pytest.raises(EngineProblem) as caught:
        engine.build(text.encode(), context, _options(engine))
    assert caught.value.kind == kind, caught.value.log
    if engine.name in ("buildx", "docker"):
        assert caught.value.line == line
    assert ("said" in caught.value.log) is ("said" in text)


def test_a_build_that_takes_too_long(engine: Engine, context: Path) -> None:
    text = f"FROM {BASE}\nRUN echo {time.time()}; sleep 4321\n".encode()
    options = BuildOptions(arguments=_words(engine.name, "SLIMIFY_TEST_BUILD"), timeout=3)
    with pytest.raises(EngineProblem, match="timed out") as caught:
        engine.build(text, context, options)
    assert caught.value.kind == "timeout"
    assert "sleep 4321" in caught.value.log
    _gone("sleep 4321")


def test_two_builds_side_by_side(engine: Engine, context: Path) -> None:
    texts = [f"FROM {BASE}\nRUN echo {number}-{time.time()}; sleep 1\n".encode() for number in range(2)]
    with ThreadPoolExecutor(2) as pool:
        builds = list(pool.map(lambda text: engine.build(text, context, _options(engine)), texts))
    assert builds[0].tag != builds[1].tag
    assert "0-" in builds[0].log
    assert "1-" in builds[1].log


def test_a_container_from_start_to_removal(engine: Engine, context: Path) -> None:
    if not engine.can_run:
        pytest.skip("only builds")
    built = engine.build(DOCKERFILE, context, _options(engine))
    container = engine.start(built.tag, _run(engine, env={"A": "b c"}))
    assert engine.state(container).running
    assert engine.execute(container, ("sh", "-c", "echo $A; cat greeting; exit 3"), 20) == (
        3,
        "b c\nhello nobody\n",
    )
    assert engine.execute(container, ("nosuch",), 20)[0] in (126, 127)
    with (
        engine.copy_out(container, "/w/greeting") as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        assert [(entry.name, entry.mode) for entry in archive] == [("greeting", 0o640)]
    assert _until(lambda: engine.state(container).health == "healthy")
    with pytest.raises(EngineProblem, match="timed out after 1 s"):
        engine.execute(container, ("sleep", "30"), 1)
    assert _until(lambda: "err" in engine.logs(container))
    engine.stop(container, 10)
    state = engine.state(container)
    assert (state.running, state.exit_code) == (False, 7)
    assert engine.logs(container) == "out\nerr\n"
    with pytest.raises(EngineProblem, match="is not running"):
        engine.execute(container, ("true",), 20)
    engine.remove(container)
    with pytest.raises(EngineProblem):
        engine.state(container)


def test_how_containers_end(engine: Engine, context: Path) -> None:
    if not engine.can_run:
        pytest.skip("only builds")
    built = engine.build(f"FROM {BASE}\n".encode(), context, _options(engine))
    container = engine.start(built.tag, _run(engine, command=("sh", "-c", "echo x; exit 5")))
    assert _until(lambda: not engine.state(container).running)
    assert engine.state(container).exit_code == 5
    killed = engine.start(built.tag, _run(engine, command=("sleep", "60")))
    engine.kill(killed)
    assert _until(lambda: not engine.state(killed).running)
    assert engine.state(killed).exit_code == 137
    with pytest.raises(EngineProblem, match="nosuch") as caught:
        engine.start(built.tag, _run(engine, command=("nosuch",)))
    assert caught.value.kind == "run"


SERVER = """\
use strict; use Socket;
socket(my $s, PF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
bind($s, sockaddr_in(8000, INADDR_ANY)) or die; listen($s, 5);
while (accept(my $c, $s)) { my $l = <$c>; syswrite($c, "HTTP/1.0 200 OK\\r\\n\\r\\nhere"); close $c; }
"""


def test_a_port(engine: Engine, context: Path) -> None:
    if not engine.can_run:
        pytest.skip("only builds")
    (context / "server.pl").write_text(SERVER)
    text = f'FROM {BASE}\nCOPY server.pl /\nCMD ["perl", "/server.pl"]\n'.encode()
    built = engine.build(text, context, _options(engine))
    container = engine.start(built.tag, _run(engine, ports=(8000,)))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def answer() -> str:
        place = engine.address(container, 8000)
        assert place is not None
        try:
            with opener.open(f"http://{place[0]}:{place[1]}/", timeout=5) as page:
                return str(page.read().decode())
        except OSError:
            return ""

    assert _until(lambda: answer() == "here"), engine.logs(container)
    assert engine.address(container, 9) != engine.address(container, 8000)
    alone = engine.start(built.tag, _run(engine, ports=(8000,), network="none"))
    assert engine.address(alone, 8000) is None


def test_what_is_not_there(engine: Engine) -> None:
    assert not engine.available("slimify-verify.invalid/nosuch:1")
    with pytest.raises(EngineProblem) as caught:
        engine.inspect("slimify-verify-nosuch:1")
    assert caught.value.kind == "killed"
    with engine.archive("slimify-verify-nosuch:1") as stream, pytest.raises(EngineProblem) as caught:
        stream.read()
    assert caught.value.kind == "killed"
    engine.remove_image("slimify-verify-nosuch:1")
    if engine.can_run:
        engine.remove("slimify-verify-nosuch")


_INTERRUPTED = """
import json, sys
from pathlib import Path
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions, RunOptions
name, context, way, build, run = json.loads(sys.argv[1])
with detect(name) as engine:
    print(engine.run_id, flush=True)
    options = BuildOptions(arguments=tuple(build), no_cache=True)
    if way == "run":
        tag = engine.build(b"FROM BASE", Path(context), BuildOptions(arguments=tuple(build))).tag
        container = engine.start(tag, RunOptions(command=("sleep", "5432"), arguments=tuple(run)))
        print("ready", flush=True)
        engine.execute(container, ("sleep", "5433"), 100)
    else:
        def progress(at):
            if "sleep" in at.text and at.elapsed > 1.5:
                print("ready", flush=True)
        engine.build(b"FROM BASE\\nRUN echo; sleep 5432", Path(context), options, progress)
""".replace("BASE", BASE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("way", ["build", "run"])
def test_an_interrupt_leaves_nothing(
    engine: Engine, context: Path, tmp_path: Path, number: signal.Signals, way: str
) -> None:
    if way == "run" and not engine.can_run:
        pytest.skip("only builds")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = [_words(engine.name, f"SLIMIFY_TEST_{what}") for what in ("BUILD", "RUN")]
    working = _working_containers(engine)
    process = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, json.dumps([engine.name, str(context), way, *words])],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    engine.run_id = process.stdout.readline().strip()  # the fixture looks for what it left
    assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
    process.send_signal(number)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert time.monotonic() - began < 15
    assert process.returncode in (128 + number, -number)
    assert _left(engine) == ""
    assert list(temporary.glob("slimify*")) == []
    assert _working_containers(engine) == working
    _gone("sleep 543")


def _working_containers(engine: Engine) -> str:
    """The containers in which podman and buildah build."""
    if engine.name not in ("podman", "buildah") or not shutil.which("buildah"):
        return ""
    return subprocess.run(["buildah", "containers", "-q"], capture_output=True, text=True, check=True).stdout


def test_an_engine_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{_free_port()}")
    with pytest.raises(EngineProblem) as caught:
        detect("buildx")
    assert caught.value.kind == "unreachable"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _gone(words: str) -> None:
    """Waits until no process of this machine has these words in its command line."""

    def found() -> list[str]:
        said = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        return [line for line in said.splitlines() if words in line and "python" not in line]

    assert _until(lambda: not found()), found()


def _until(true: object, seconds: float = 15) -> bool:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
