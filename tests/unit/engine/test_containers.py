"""The engine class against fake engines: calls, failures and cleanup."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from unit.engine_fakes import Fakes

from slimify.engine.containers import Engine
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions, EngineProblem, Progress, RunOptions

ROOT = Path(__file__).parents[3]
OPTIONS = BuildOptions()
DOCKERFILE = b"FROM debian\nRUN true\n"
BUILDS = 'case "$*" in *build*--label*) echo "#5 [1/2] FROM debian"; echo "#6 [2/2] RUN true" ;; esac\n'
HANGS = 'case "$*" in *build*--label*) echo "#5 [1/2] FROM debian"; sleep 300 & wait ;; esac\n'


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    return Fakes(tmp_path, monkeypatch)


@pytest.fixture
def engine(fakes: Fakes) -> Iterator[Engine]:
    fakes.docker(BUILDS)
    with detect("buildx") as engine:
        fakes.calls_file.unlink()
        yield engine


def test_unused_engine_calls_nothing(fakes: Fakes, engine: Engine) -> None:
    assert engine.cleanup() == ()
    assert fakes.calls == []


def test_build(fakes: Fakes, engine: Engine) -> None:
    seen: list[Progress] = []
    options = BuildOptions(
        build_args={"A": "1 2"},
        secrets=("id=s,src=f",),
        ssh=("default",),
        platform="linux/amd64",
        builder="farm",
        network="host",
        target="final",
        no_cache=True,
        arguments=("--pull",),
    )
    built = engine.build(DOCKERFILE, fakes.context, options, seen.append, "original")
    folder = fakes.temporary / "slimify-verify-"
    call = fakes.calls[0]
    file = call.split(" -f ")[1].split()[0]
    assert file.startswith(str(folder))
    assert call == (
        f"docker buildx build --load --progress=plain -t {built.tag} -f {file}"
        f" --label slimify.verify={engine.run_id}"
        " --builder farm --platform linux/amd64 --network host --target final --no-cache --build-arg A=1 2"
        f" --secret id=s,src=f --ssh default --pull {fakes.context}"
    )
    assert built.tag.startswith(f"slimify-verify-{engine.run_id}-")
    assert built.log == "#5 [1/2] FROM debian\n#6 [2/2] RUN true\n"
    assert (seen[-1].label, seen[-1].step, seen[-1].steps, seen[-1].text) == ("original", 2, 2, "RUN true")
    assert fakes.left_in_temporary() == []


@pytest.mark.parametrize(("ignore", "seen"), [(None, "none"), (b"", ""), (b"*.md\n", "*.md\n")])
def test_ignore_file_of_a_dockerfile(fakes: Fakes, engine: Engine, ignore: bytes | None, seen: str) -> None:
    fakes.docker('cat "$8"; cat "$8.dockerignore" 2>/dev/null || echo -n none\n')
    built = engine.build(DOCKERFILE, fakes.context, OPTIONS, ignore=ignore)
    assert built.log.rstrip("\n") == (DOCKERFILE.decode() + seen).rstrip("\n")


def test_podman_options_for_ignore_file_and_format(fakes: Fakes) -> None:
    fakes.write("podman", "exit 0\n")
    with detect("podman") as engine:
        engine.build(DOCKERFILE, fakes.context, OPTIONS, ignore=b"x\n")
    call = next(call for call in fakes.calls if " build " in call)
    assert " --format=docker " in call
    assert "Dockerfile.dockerignore" in call.split(" --ignorefile ")[1].split()[0]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("no such registry: pull access denied for x", "build"), ("Error: pull access denied", "base")],
)
def test_failing_build(fakes: Fakes, engine: Engine, said: str, kind: str) -> None:
    fakes.docker(fakes.says(f"#5 [1/1] FROM x\n{said}\n"))
    with pytest.raises(EngineProblem) as caught:
        engine.build(DOCKERFILE, fakes.context, OPTIONS)
    assert said in caught.value.log
    assert caught.value.kind == ("base" if "pull access" in said else kind)
    assert fakes.left_in_temporary() == []


def test_older_builders_are_tried_once(fakes: Fakes) -> None:
    missing = "ERROR: BuildKit is enabled but the buildx component is missing or broken."
    fakes.docker(
        f'case "$*" in *--label*) [ "$DOCKER_BUILDKIT" = 0 ] || {{ echo "{missing}"; exit 1; }} ;; esac\n'
    )
    with detect("docker") as engine:
        fakes.calls_file.unlink()
        for _ in range(2):
            engine.build(DOCKERFILE, fakes.context, OPTIONS)
        calls = [call.split(" -t ")[0] for call in fakes.calls]
        assert calls == [
            "docker build --progress=plain",
            "docker build --force-rm",
            "docker build --force-rm",
        ]
        for options, ignore in ((BuildOptions(secrets=("id=x",)), None), (OPTIONS, b"x")):
            with pytest.raises(EngineProblem, match="BuildKit") as caught:
                engine.build(DOCKERFILE, fakes.context, options, ignore=ignore)
            assert caught.value.kind == "old"
        assert len(fakes.calls) == 3


def test_named_builder_requires_buildx(fakes: Fakes) -> None:
    fakes.docker("exit 0\n")
    with detect("docker") as engine, pytest.raises(EngineProblem, match="--builder farm") as caught:
        engine.build(DOCKERFILE, fakes.context, BuildOptions(builder="farm"))
    assert caught.value.kind == "old"


def test_build_timeout_ends_all_processes(fakes: Fakes, engine: Engine) -> None:
    fakes.docker(HANGS)
    began = time.monotonic()
    with pytest.raises(EngineProblem, match="timed out after 1 s") as caught:
        engine.build(DOCKERFILE, fakes.context, BuildOptions(timeout=1))
    assert caught.value.kind == "timeout"
    assert "#5 [1/2] FROM debian" in caught.value.log
    assert time.monotonic() - began < 6
    assert _left(fakes) == []


def test_killed_engine(fakes: Fakes, engine: Engine) -> None:
    fakes.docker('case "$*" in *--label*) echo "#5 [1/2] FROM debian"; kill -KILL $$ ;; esac\n')
    with pytest.raises(EngineProblem, match="signal 9") as caught:
        engine.build(DOCKERFILE, fakes.context, OPTIONS)
    assert caught.value.kind == "killed"


def test_cleanup_of_a_hanging_engine(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cleanup has a time limit and reports leftovers."""
    monkeypatch.setattr("slimify.engine.resources._SECONDS", 2.0)
    monkeypatch.setattr("slimify.engine.process.GRACE", 0.5)
    fakes.docker(BUILDS)
    began = time.monotonic()
    with detect("buildx") as engine:
        built = engine.build(DOCKERFILE, fakes.context, OPTIONS)
        fakes.docker("trap '' TERM; while :; do sleep 1; done\n")
    assert time.monotonic() - began < 20
    assert engine.leftovers == (built.tag,)
    assert _left(fakes) == []


def test_concurrent_builds_are_cancelled(fakes: Fakes) -> None:
    fakes.docker(HANGS)
    with detect("buildx") as engine, ThreadPoolExecutor(2) as pool:
        builds = [pool.submit(engine.build, DOCKERFILE, fakes.context, OPTIONS) for _ in range(2)]
        while sum("--label" in call for call in fakes.calls) < 2:
            time.sleep(0.1)
        engine.cancel()
        for build in builds:
            with pytest.raises(EngineProblem) as caught:
                build.result(timeout=10)
            assert caught.value.kind == "killed"
        with pytest.raises(EngineProblem, match="interrupted"):
            engine.build(DOCKERFILE, fakes.context, OPTIONS)
    assert _left(fakes) == []
    assert fakes.left_in_temporary() == []


_INTERRUPTED = """
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions, RunOptions

# What runs in the background, or under nohup, is told to ignore them, and so is all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

def build(engine):
    return engine.build(b"FROM debian", Path(sys.argv[1]), BuildOptions())

with detect("buildx") as engine:
    if sys.argv[2] == "threads":
        with ThreadPoolExecutor(2) as pool:
            [future.result() for future in [pool.submit(build, engine) for _ in range(2)]]
    elif sys.argv[2] == "run":
        engine.start("image", RunOptions())
    else:
        build(engine)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("way", ["main", "threads", "run"])
def test_interrupt_removes_everything(fakes: Fakes, number: signal.Signals, way: str) -> None:
    fakes.docker(
        'case "$*" in *--label*) trap "echo asked >> $0.asked; exit 1" TERM; echo >> $0.ready\n'
        "sleep 300 & wait ;; esac\n"
    )
    script = fakes.bin.parent / "script.py"
    script.write_text(_INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, str(script), str(fakes.context), way],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    wanted = 2 if way == "threads" else 1
    end = time.monotonic() + 20
    ready = Path(f"{fakes.bin}/docker.ready")
    while (not ready.exists() or len(ready.read_text()) < wanted) and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(number)
    _, error = process.communicate(timeout=20)
    if number == signal.SIGINT:
        assert b"KeyboardInterrupt" in error
    else:
        assert process.returncode == 128 + number, error
    assert _left(fakes) == []
    assert fakes.left_in_temporary() == []
    asked = Path(f"{fakes.bin}/docker.asked")
    assert asked.read_text().splitlines() == ["asked"] * wanted  # politely, and once each
    names = [word for call in fakes.calls if "--label" in call for word in call.split()]
    named = {word for word in names if word.startswith("slimify-verify-")}
    removal = "docker rm --force --volumes" if way == "run" else "docker rmi --force"
    removed = next(call for call in fakes.calls if call.startswith(removal))
    assert named == set(removed.removeprefix(removal).split())


def test_resources_created_late_are_removed(fakes: Fakes) -> None:
    """The daemon may create resources for a killed client after the removal by name."""
    flag = fakes.bin.parent / "late"
    fakes.docker(
        f"""case "$*" in
  *--detach*) sleep 300 ;;
  ps*) [ -e {flag} ] || echo 0123456789ab; echo > {flag} ;;
esac
"""
    )
    with detect("buildx") as engine:
        thread = threading.Timer(1.0, engine.cancel)
        thread.start()
        with pytest.raises(EngineProblem):
            engine.start("image", RunOptions())
    assert engine.leftovers == ()
    assert "docker rm --force --volumes 0123456789ab" in fakes.calls


def test_start(fakes: Fakes, engine: Engine) -> None:
    options = RunOptions(
        command=("serve", "--all"),
        env={"A": "b"},
        volumes=("/h:/c:ro",),
        ports=(80, 443),
        network="n",
        user="1",
        memory="1g",
        arguments=("--init",),
    )
    name = engine.start("tag", options)
    assert fakes.calls == [
        f"docker run --detach --pull=never --name {name} --label slimify.verify={engine.run_id}"
        " --security-opt=no-new-privileges --pids-limit=4096 --log-driver=local"
        " --publish 127.0.0.1::80 --publish 127.0.0.1::443 --env A=b --volume /h:/c:ro"
        " --network n --user 1 --memory 1g --init tag serve --all"
    ]


def test_failed_start_removes_the_container(fakes: Fakes, engine: Engine) -> None:
    fakes.docker(
        '[ "$1" = run ] && { echo "docker: Error response from daemon: no user" >&2; exit 125; }; exit 0\n'
    )
    with pytest.raises(EngineProblem, match=r"^no user$") as caught:
        engine.start("tag", RunOptions())
    assert caught.value.kind == "run"
    assert fakes.calls[-1].startswith("docker rm --force --volumes slimify-verify-")


@pytest.mark.parametrize(
    ("said", "place"),
    [
        pytest.param('"NetworkSettings":{}', None, id="no network"),
        pytest.param(
            '"NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"32769"}]}}',
            ("127.0.0.1", 32769),
            id="published",
        ),
        pytest.param(
            '"NetworkSettings":{"Ports":{"80/udp":[{"HostIp":"0.0.0.0","HostPort":"1"}]}}', None, id="udp"
        ),
        pytest.param(
            '"NetworkSettings":{"Ports":{"80/tcp":null},"IPAddress":"172.17.0.4"}',
            ("172.17.0.4", 80),
            id="own",
        ),
        pytest.param(
            '"NetworkSettings":{"IPAddress":"","Networks":{"x":{"IPAddress":"10.1.0.2"}}}',
            ("10.1.0.2", 80),
            id="net",
        ),
        pytest.param(
            '"HostConfig":{"NetworkMode":"host"},"NetworkSettings":{"Ports":{}}', ("127.0.0.1", 80), id="host"
        ),
    ],
)
def test_address(fakes: Fakes, engine: Engine, said: str, place: tuple[str, int] | None) -> None:
    fakes.docker(f"echo '[{{{said}}}]'\n")
    assert engine.address("c", 80) == place


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('{"Running":true,"ExitCode":0}', (True, None, "")),
        ('{"Running":false,"ExitCode":3}', (False, 3, "")),
        ('{"Running":true,"Health":{"Status":"healthy"}}', (True, None, "healthy")),
        ('{"Running":true,"Health":{"Status":"none"}}', (True, None, "")),
    ],
)
def test_state(fakes: Fakes, engine: Engine, said: str, expected: tuple[bool, int | None, str]) -> None:
    fakes.docker(f"echo '[{{\"State\":{said}}}]'\n")
    state = engine.state("c")
    assert (state.running, state.exit_code, state.health) == expected


def test_inspect_removes_the_label(fakes: Fakes, engine: Engine) -> None:
    fakes.docker('echo \'[{"Size":7,"Config":{"Labels":{"slimify.verify":"x","a":"b"}}}]\'\n')
    assert engine.inspect("t")["Config"]["Labels"] == {"a": "b"}
    assert engine.size("t") == 7
    fakes.docker('echo \'[{"Config":{"Labels":{"slimify.verify":"x"}}}]\'\n')
    assert engine.inspect("t")["Config"]["Labels"] is None


def test_archive(fakes: Fakes, engine: Engine) -> None:
    fakes.docker('[ "$1" = save ] && exec yes\n')
    with engine.archive("t") as stream:
        assert stream.read(6) == b"y\ny\ny\n"
    assert _left(fakes) == []


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(
            "echo some; echo 'Error response from daemon: No such image: t' >&2; exit 1\n",
            "killed",
            id="gone",
        ),
        pytest.param("echo some; echo 'write /x: no space left on device' >&2; exit 1\n", "disk", id="disk"),
        pytest.param("echo some; kill -KILL $$\n", "killed", id="killed"),
        pytest.param("echo some; sleep 60\n", "timeout", id="silent"),
    ],
)
def test_truncated_archive(fakes: Fakes, engine: Engine, script: str, kind: str) -> None:
    fakes.docker('[ "$1" = save ] || exit 0\n' + script)
    with engine.archive("t", patience=1.0) as stream:
        assert stream.read(5) == b"some\n"
        with pytest.raises(EngineProblem) as caught:
            stream.read()
    assert caught.value.kind == kind
    assert _left(fakes) == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo out; echo err >&2; exit 3\n", (3, "out\nerr\n")),
        ("echo 'no such file' >&2; exit 1\n", (1, "no such file\n")),
    ],
)
def test_execute(fakes: Fakes, engine: Engine, script: str, expected: tuple[int, str]) -> None:
    fakes.docker(script)
    assert engine.execute("c", ("ls",), 10) == expected
    assert fakes.calls == ["docker exec c ls"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Error response from daemon: container 5398fdaf is not running", 1),
        ("Error response from daemon: No such container: x", 1),
        ("Error: can only create exec sessions on running containers: container state improper", 255),
    ],
)
def test_execute_without_running_container(fakes: Fakes, engine: Engine, said: str, code: int) -> None:
    fakes.docker(fakes.says(said, code))
    with pytest.raises(EngineProblem) as caught:
        engine.execute("c", ("ls",), 10)
    assert caught.value.kind == "run"


def test_grandchild_keeps_the_pipe_open(fakes: Fakes, engine: Engine) -> None:
    fakes.docker("echo said; sleep 4 &\nexit 0\n")
    began = time.monotonic()
    assert engine.execute("c", ("x",), 30) == (0, "said\n")
    assert time.monotonic() - began < 3.9


def test_buildah_without_podman_does_not_run(fakes: Fakes) -> None:
    fakes.write("buildah", "exit 0\n")
    with detect("buildah") as engine:
        assert not engine.can_run
        with pytest.raises(EngineProblem, match="only builds"):
            engine.start("t", RunOptions())


@pytest.mark.parametrize(("code", "said", "there"), [(0, "", True), (1, "Error: No such image: x", False)])
def test_available(fakes: Fakes, engine: Engine, code: int, said: str, there: bool) -> None:
    fakes.docker(fakes.says(said, code))
    assert engine.available("debian:12") is there
    fakes.docker(fakes.says("Cannot connect to the Docker daemon at unix:///x", 1))
    with pytest.raises(EngineProblem):
        engine.available("debian:12")


def _left(fakes: Fakes) -> list[str]:
    """Processes that still run a moment after they were ended."""
    end = time.monotonic() + 20
    while _running(fakes) and time.monotonic() < end:
        time.sleep(0.05)
    return _running(fakes)


def _running(fakes: Fakes) -> list[str]:
    """Command lines of running processes that the fakes started."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            mine = f"PATH={fakes.bin}".encode() in file.read_bytes().split(b"\0")
            line = (file.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if mine and line:
            found.append(line)
    return found


def test_output_without_end_is_not_kept(
    fakes: Fakes, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slimify.engine.process.MOST_OUTPUT", 1000)
    fakes.docker("yes | head -c 1000000\n")
    code, text = engine.execute("c", ("x",), 30)
    assert (code, 1000 <= len(text) < 100_000) == (0, True)
