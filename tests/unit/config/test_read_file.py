"""Files that are none: an error at once."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from slimify.config.read_file import read_file


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read_file(tmp_path / "a", 3) == b"abc"


def test_a_pipe_of_the_shell() -> None:
    reader, writer = os.pipe()
    threading.Timer(0.1, lambda: (os.write(writer, b"abc"), os.close(writer))).start()
    assert read_file(Path(f"/dev/fd/{reader}"), 3) == b"abc"
    os.close(reader)


@pytest.mark.parametrize("kind", ["pipe", "socket", "directory", "device", "nothing", "endless", "large"])
def test_other_files(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    path = Path("a")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("a")
    elif kind == "directory":
        path.mkdir()
    elif kind in ("device", "endless"):
        path.symlink_to("/dev/zero" if kind == "endless" else "/dev/null")
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(20 * 10**9)
    with pytest.raises(OSError, match=r"."):
        read_file(path, 1_000_000)
