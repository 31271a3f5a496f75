"""What git inherits, and which transports it may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.publish.git_process import run_git


def test_git_inherits_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("GIT_INDEX_FILE", "hunter3")
    done = run_git(("-c", "alias.x=!env", "x"), tmp_path)
    assert b"PATH=" in done.stdout
    assert b"hunter" not in done.stdout


@pytest.mark.parametrize("url", ["ext::touch {}", "fd::17", "x::y"])
def test_no_transport_runs_a_command(tmp_path: Path, url: str) -> None:
    words = ("-c", "protocol.allow=always", "ls-remote", url.format(tmp_path / "ran"))
    done = run_git(words, tmp_path)
    assert b"not allowed" in done.stderr
    assert not (tmp_path / "ran").exists()
