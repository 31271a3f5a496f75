"""Classification of recorded engine failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.engine import failures
from slimify.engine.progress import clean

DATA = Path(__file__).parent.parent / "data" / "engine"


@pytest.mark.parametrize(
    ("said", "kind", "line", "message"),
    [
        ("buildx-run-fails", "build", 3, "did not complete successfully: exit code: 1"),
        ("buildx-copy-missing", "build", 2, '"/nosuch.txt": not found'),
        ("buildx-unknown-instruction", "build", 2, "unknown instruction: FOO"),
        ("buildx-secret-missing", "build", 2, "secret x: not found"),
        ("buildx-target-unknown", "build", None, 'target stage "zork" could not be found'),
        ("buildx-base-unknown", "base", 1, "can't pull a base image: nosuch/image-for-slimify:1"),
        ("buildx-copy-from-unknown", "base", 2, "can't pull a base image: nobuild"),
        ("buildx-run-disk-full", "disk", 2, "no space left on disk: "),
        ("buildx-stopped", "unreachable", None, "the engine does not respond: Cannot connect"),
        ("buildx-builder-unknown", "unreachable", None, 'no builder "nosuch" found'),
        ("buildx-context-unknown", "unreachable", None, 'context "nosuch": context not found'),
        ("buildx-context-disk-full", "disk", None, "no space left on disk: write"),
        ("buildx-daemon-killed", "killed", None, "error reading from server: EOF"),
        ("legacy-daemon-killed", "killed", None, "unexpected EOF"),
        ("legacy-disk-full", "disk", None, "no space left on disk: write /big"),
        ("buildkit-older-base-unknown", "base", None, "php:1.8.4: not found"),
        ("docker-no-buildx", "old", None, "the buildx component is missing or broken"),
        ("docker-no-buildx-load", "old", None, "unknown flag: --load"),
        ("legacy-run-fails", "build", None, "returned a non-zero code: 1"),
        ("legacy-copy-missing", "build", None, "COPY failed: file not found in build context"),
        ("legacy-unknown-instruction", "build", 2, "unknown instruction: FOO"),
        ("legacy-base-unknown", "base", None, "can't pull a base image: Get"),
        ("legacy-mount", "old", None, "the --mount option requires BuildKit"),
        ("podman-run-fails", "build", None, "while running runtime: exit status 1"),
        ("podman-copy-missing", "build", None, '"/nosuch.txt": no such file or directory'),
        ("podman-unknown-instruction", "build", None, 'Unknown instruction: "FOO"'),
        ("podman-secret-missing", "build", None, 'no secret with id "x" found'),
        ("podman-base-unknown", "base", None, "did not resolve to an alias"),
        ("podman-copy-from-unknown", "base", None, "no stage or image found with that name"),
        ("podman-stopped", "unreachable", None, "unable to connect to Podman socket"),
    ],
)
def test_build(said: str, kind: str, line: int | None, message: str) -> None:
    log = clean((DATA / f"{said}.txt").read_text())
    problem = failures.build_problem(log)
    assert (problem.kind, problem.line) == (kind, line), problem.message
    assert message in problem.message
    assert "\n" not in problem.message
    assert problem.log == log


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Cannot connect to the Docker daemon at unix:///x.sock.", id="talks of a daemon"),
        pytest.param("pull access denied for x", id="talks of pulling"),
        pytest.param("Error response from daemon: no such container", id="talks of containers"),
        pytest.param("ERROR: unknown flag: --load", id="talks of flags"),
    ],
)
def test_step_output_is_not_classified(text: str) -> None:
    log = (
        f'#5 [2/2] RUN ./check\n#5 0.2 {text}\n#5 ERROR: process "/bin/sh -c ./check" did not complete '
        f"successfully: exit code: 1\n------\n > [2/2] RUN ./check:\n0.2 {text}\n------\nDockerfile:2\n"
        "--------------------\n   2 | >>> RUN ./check\n--------------------\n"
        'ERROR: failed to solve: process "/bin/sh -c ./check" did not complete successfully: exit code: 1\n'
    )
    assert failures.build_problem(log).kind == "build"


@pytest.mark.parametrize(
    ("log", "kind"),
    [
        ("", "run"),
        ("docker: Error response from daemon: No such image: x:1.\nSee 'docker run --help'.", "killed"),
        ("write full/.docker_temp_13: no space left on device", "disk"),
        ('docker: Error response from daemon: exec: "x": executable file not found in $PATH.', "run"),
        ("Error: rpc error: code = Unavailable desc = error reading from server: EOF", "killed"),
        ("error during connect: Get \"http://%2Fpipe/v1.45/info\": open", "unreachable"),
        ("permission denied while trying to connect to the Docker daemon socket", "unreachable"),
        ("Error response from daemon: client version 1.52 is too new. Maximum supported", "old"),
    ],
)  # fmt: skip
def test_other_commands(log: str, kind: str) -> None:
    problem = failures.problem(log, otherwise="run", what="the start")
    assert problem.kind == kind
    assert problem.message


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("docker-no-buildx", True),
        ("docker-no-buildx-load", True),
        ("legacy-mount", False),
        ("buildx-run-fails", False),
    ],
)
def test_older_builder_is_tried_only_without_a_newer_one(said: str, other: bool) -> None:
    problem = failures.build_problem((DATA / f"{said}.txt").read_text())
    assert failures.older_builder_may_work(problem) is other
