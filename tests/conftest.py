"""Engine tests run when they are asked for; otherwise their number is not to be overlooked.

They build images, which takes minutes and wants a registry: `pytest -m engine` runs them. Those that
install slimify from a package index are run with `pytest -m index`.
With SLIMIFY_REQUIRE_ENGINE set, no engine is a failure and not a skip.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess

import chromium
import hypothesis
import pytest

_NO_ENGINE = "no container engine answers"
_NOT_ASKED = "run them with: pytest -m engine"
_NOT_INSTALLED = "run them with: pytest -m index"

# Runs on shared machines: a slow example says nothing about the code.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")

# A shell without job control starts what runs in the background with interrupts ignored, nohup with hang-ups
# ignored, and both are inherited: the programs that tests interrupt would not notice.
# The settings of whoever runs the tests are not those of the tests.
os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = os.devnull
os.environ.pop("GITHUB_ACTIONS", None)

with contextlib.suppress(ValueError):  # not the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@functools.cache
def _engine_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        return subprocess.run([docker, "version"], capture_output=True, timeout=30).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("index") is not None and "index" not in item.config.option.markexpr:
        pytest.skip(_NOT_INSTALLED)
    if item.get_closest_marker("engine") is None:
        return
    required = bool(os.environ.get("SLIMIFY_REQUIRE_ENGINE"))
    if not required and "engine" not in item.config.option.markexpr:
        pytest.skip(_NOT_ASKED)
    if not _engine_answers():
        if required:
            pytest.fail(_NO_ENGINE, pytrace=False)
        pytest.skip(_NO_ENGINE)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    kinds = {_NO_ENGINE: "ENGINE", _NOT_ASKED: "ENGINE", _NOT_INSTALLED: "INDEX", chromium.NONE: "BROWSER"}
    for reason, kind in kinds.items():
        number = sum(reason in str(r.longrepr) for r in terminalreporter.stats.get("skipped", ()))
        if number:
            terminalreporter.section(f"{number} {kind} TESTS SKIPPED: {reason}", sep="!")
