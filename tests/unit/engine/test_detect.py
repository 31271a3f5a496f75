"""Engine detection, with scripts as fake engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.engine_fakes import Fakes

from slimify.engine.detect import detect, installed
from slimify.engine.model import EngineName, EngineProblem

DATA = Path(__file__).parent.parent / "data" / "engine"
NO_BUILDX = """
[ "$1" = buildx ] && { echo "docker: 'buildx' is not a docker command." >&2; exit 1; }
echo '{"Server":{"Version":"20.10.1"}}'
"""
STOPPED = """
[ "$1" = --version ] && { echo "Docker version 26"; exit 0; }
echo 'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?' >&2; exit 1
"""
PODMAN = '[ "$1" = --version ] && echo "podman version 5.4.2" || echo 5.4.2\n'
PODMAN_STOPPED = '[ "$1" = --version ] && { echo "podman version 5.4.2"; exit 0; }\n' + (
    "echo 'Error: unable to connect to Podman socket: no such file' >&2; exit 125\n"
)
BUILDAH = 'echo "buildah version 1.39.3 (image-spec 1.1.0)"\n'
GOOD = "exit 0\n"


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    return Fakes(tmp_path, monkeypatch)


def _install(fakes: Fakes, programs: dict[str, str]) -> None:
    for name, script in programs.items():
        if name == "docker" and script is GOOD:
            fakes.docker(script)
        else:
            fakes.write(name, script)


@pytest.mark.parametrize(
    ("programs", "asked", "name", "version", "runs"),
    [
        pytest.param({"docker": GOOD}, None, "buildx", "26.1.5", True, id="buildx"),
        pytest.param({"docker": GOOD, "podman": PODMAN}, None, "buildx", "26.1.5", True, id="docker-first"),
        pytest.param({"docker": GOOD}, "docker", "docker", "26.1.5", True, id="docker-asked"),
        pytest.param({"docker": NO_BUILDX}, None, "docker", "20.10.1", True, id="docker-without-buildx"),
        pytest.param({"docker": STOPPED, "podman": PODMAN}, None, "podman", "5.4.2", True, id="next"),
        pytest.param({"docker": GOOD, "podman": PODMAN}, "podman", "podman", "5.4.2", True, id="podman"),
        pytest.param({"docker": PODMAN}, None, "podman", "5.4.2", True, id="podman-under-dockers-name"),
        pytest.param({"buildah": BUILDAH}, None, "buildah", "1.39.3", False, id="buildah"),
        pytest.param({"buildah": BUILDAH, "podman": PODMAN}, "buildah", "buildah", "1.39.3", True, id="both"),
    ],
)
def test_found(
    fakes: Fakes, programs: dict[str, str], asked: EngineName | None, name: str, version: str, runs: bool
) -> None:
    _install(fakes, programs)
    engine = detect(asked)
    assert (engine.name, engine.version, engine.can_run) == (name, version, runs)


@pytest.mark.parametrize(
    ("programs", "asked", "kind", "message"),
    [
        pytest.param({}, None, "missing", "docker, podman or buildah", id="nothing"),
        pytest.param({"docker": GOOD}, "podman", "missing", "podman is not installed", id="other"),
        pytest.param({"docker": STOPPED}, None, "unreachable", "Cannot connect", id="stopped"),
        pytest.param({"docker": STOPPED}, "buildx", "unreachable", "Cannot connect", id="asked-stopped"),
        pytest.param({"podman": PODMAN_STOPPED}, None, "unreachable", "unable to connect", id="podman"),
        pytest.param({"docker": NO_BUILDX}, "buildx", "old", "no buildx", id="no-buildx"),
        pytest.param({"docker": "sleep 60\n"}, None, "unreachable", "timed out after", id="hangs"),
    ],
)
def test_not_found(
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
    programs: dict[str, str],
    asked: EngineName | None,
    kind: str,
    message: str,
) -> None:
    monkeypatch.setattr("slimify.engine.detect._QUICK_TIMEOUT", 1.0)
    _install(fakes, programs)
    with pytest.raises(EngineProblem, match=message) as caught:
        detect(asked)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("endpoint", "reached"),
    [
        ("unix:///var/run/docker.sock", True),
        ("npipe:////./pipe/docker_engine", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://[::1]:2375", True),
        ("tcp://dind:2375", False),
        ("ssh://me@build-farm", False),
    ],
)
def test_remote_daemon_is_not_local(fakes: Fakes, endpoint: str, reached: bool) -> None:
    ports = '[{"NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"1"}]}}}]'
    fakes.docker(f"[ $1 = context ] && echo '{endpoint}' || echo '{ports}'\n")
    assert (detect("buildx").address("c", 80) is not None) is reached


def test_installed_calls_no_engine(fakes: Fakes) -> None:
    _install(fakes, {"docker": GOOD, "buildah": BUILDAH})
    assert list(installed()) == ["buildx", "docker", "buildah"]
    assert fakes.calls == []
